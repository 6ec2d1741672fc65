//! The checks of a verification summary.

use crate::check::id::checks;

checks! {
    VsaFormat "vsa-format" "The verification summary is SLSA v1 and can be read."
    VsaVerifier "vsa-verifier" "The verification summary is of the verifier that the policy names."
    VsaResource "vsa-resource" "The verification summary was made for this image by its name."
    VsaResult "vsa-result" "The verifier let the image through."
    VsaLevels "vsa-levels" "The verifier found the required levels."
    VsaPolicy "vsa-policy" "The verifier applied the policy that it should have."
    VsaAge "vsa-age" "The verifier looked at the image not too long ago."
}
