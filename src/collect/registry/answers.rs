//! Answers of real registries that the specification does not foresee, each with its source.

/// Whether an answer to the referrers API says that the registry does not have it, so that the fallback tag counts.
///
/// Everything else that is not a list is a failure: a registry that is down must never look like one without evidence
/// (A023).
pub(super) fn means_no_referrers_api(host: &str, status: u16) -> bool {
    NO_REFERRERS_API.iter().any(|answer| answer.status == status && answer.host.is_none_or(|known| known == host))
}

struct NoReferrersApi {
    /// The registry that answers so; `None` for all.
    host: Option<&'static str>,
    status: u16,
    #[allow(dead_code, reason = "for whoever checks the table")]
    source: &'static str,
}

const NO_REFERRERS_API: [NoReferrersApi; 1] = [NoReferrersApi {
    host: None,
    status: 404,
    source: "distribution-spec, \"Listing Referrers\": 404 means the referrers API is not supported",
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a023_only_not_found_leads_to_the_fallback_tag() {
        assert!(means_no_referrers_api("ghcr.io", 404));
        for status in [200, 400, 401, 403, 405, 429, 500, 503] {
            assert!(!means_no_referrers_api("ghcr.io", status), "{status}");
        }
    }
}
