//! The checks of a vulnerability scan.

use crate::check::id::checks;

checks! {
    ScanFormat "scan-format" "The vulnerability scan can be read."
    ScanSubject "scan-subject" "The scan is of this image, as far as the scanner's report names one by digest."
    ScanScanner "scan-scanner" "The scanner is one that the policy names."
    ScanAge "scan-age" "The scan and the scanner's database are not too old."
    ScanFindings "scan-findings" "Nothing is open that is as severe as the policy denies."
    ScanOthers "scan-others" "No other scan of an expected signer is refused beside the one that counts."
}
