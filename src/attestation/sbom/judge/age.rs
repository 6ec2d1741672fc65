//! How old an SBOM was when it was signed.

use jiff::{SignedDuration, Timestamp};

use crate::check::{CheckId, Finding};
use crate::policy::MaxAge;
use crate::verify::signature::Verified;

use super::complaint::shortened;

/// Clocks of generators and of those who vouch for the signing time differ by this much at most.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Checks that the document was made before it was signed, and not longer before than `most`, at every trusted time.
/// Its own date is the signer's claim.
pub(super) fn check(created: Option<&str>, most: &MaxAge, verified: &Verified) -> Finding {
    let expected = format!("made at most {most} before it was signed");
    let Some(written) = created else {
        return Finding::fail(CheckId::SbomAge, "the SBOM does not say when it was made")
            .expected(expected)
            .found("no time of creation")
            .next("generate it with a tool that writes the time, or leave `max-age` out of the policy");
    };
    let Ok(created) = written.parse::<Timestamp>() else {
        return Finding::fail(CheckId::SbomAge, "the time at which the SBOM was made cannot be read")
            .expected("a date and time such as 2026-01-31T12:00:00Z")
            .found(shortened(written))
            .next("generate the SBOM again");
    };
    let times = verified.timestamps.iter().map(|stamp| stamp.time);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
        return Finding::error(CheckId::SbomAge, "the time of its signature is unproven")
            .expected(expected)
            .found(format!("made {created}, signed with a key and without a log or timestamp"))
            .next("sign it with a transparency log or a timestamp authority");
    };
    let found = format!("made {created}, signed {last}");
    if created.duration_until(first) < -SKEW {
        return Finding::fail(CheckId::SbomAge, "the SBOM says that it was made after it was signed")
            .expected(expected)
            .found(format!("made {created}, signed {first}"))
            .next("the clock of one of the two machines is wrong: generate and attest it again");
    }
    if most.is_over(created, last) {
        return Finding::fail(CheckId::SbomAge, "the SBOM was too old when it was signed")
            .expected(expected)
            .found(found)
            .next("generate it from this image when it is built, and attest it then");
    }
    Finding::pass(CheckId::SbomAge, format!("the SBOM was {found}"))
}
