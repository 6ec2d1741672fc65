//! The checks of an SBOM.

use crate::check::id::checks;

checks! {
    SbomFormat "sbom-format" "The SBOM is SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.2 to 1.7 in JSON and can be read."
    SbomContent "sbom-content" "The SBOM lists packages beside the image itself."
    SbomSubject "sbom-subject" "The SBOM does not say that it describes another image."
    SbomPackages "sbom-packages" "The SBOM lists the packages that the policy requires, and none that it denies or does not allow."
    SbomLicenses "sbom-licenses" "The licences of the packages are the ones that the policy allows, and none that it denies."
    SbomSuppliers "sbom-suppliers" "The suppliers of the packages are the ones that the policy allows, and none that it denies."
    SbomCreators "sbom-creators" "The tools and people that made the SBOM are the ones that the policy allows."
    SbomAge "sbom-age" "The SBOM was made shortly before it was signed."
    SbomCompleteness "sbom-completeness" "Every package of the SBOM has the required minimum elements."
    SbomAdvisories "sbom-advisories" "No package of the SBOM has a known vulnerability as bad as the policy denies."
    SbomOthers "sbom-others" "No other SBOM of an expected signer is refused beside the one that counts."
}
