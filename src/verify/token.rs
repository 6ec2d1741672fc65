//! RFC 3161 timestamps, as far as the Sigstore crate leaves them open.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::ID_CONTENT_TYPE;
use der::{Any, Decode};

use crate::check::{CheckId, Finding};

/// Checks what the crate leaves open in a token: one signer, whose attributes name the type of what is inside (A170).
pub(super) fn check_token(token: &[u8]) -> Result<(), Finding> {
    let refused = |found: &str| {
        Finding::fail(CheckId::SignedTime, "no trusted party vouches for the time of the signature").found(found)
    };
    let content = signed_data(token).ok_or_else(|| refused("the timestamp is no signed data"))?;
    let [signer] = content.signer_infos.0.as_slice() else {
        return Err(refused("the timestamp does not have exactly one signer"));
    };
    let mut types = signer.signed_attrs.iter().flat_map(|all| all.iter()).filter(|one| one.oid == ID_CONTENT_TYPE);
    let named = types.next().and_then(|one| one.values.get(0)?.decode_as::<ObjectIdentifier>().ok());
    if named != Some(content.encap_content_info.econtent_type) || types.next().is_some() {
        return Err(refused("the timestamp's attributes name another type than its content has"));
    }
    Ok(())
}

fn signed_data(token: &[u8]) -> Option<SignedData> {
    let content = ContentInfo::from_der(token).ok().or_else(|| {
        let response = Vec::<Any>::from_der(token).ok()?;
        response.get(1)?.decode_as::<ContentInfo>().ok()
    })?;
    content.content.decode_as().ok()
}
