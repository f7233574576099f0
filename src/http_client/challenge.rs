//! Claims challenges: an API wants more of the person before the token is good for it.

use awc::http::header::{HeaderMap, WWW_AUTHENTICATE};
#[cfg(feature = "_diesel")]
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Longest challenge that is decoded, in characters.
#[cfg(feature = "_diesel")]
const MAX_LEN: usize = 2000;

#[cfg(feature = "_diesel")]
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Whether a response challenges (Microsoft identity platform, "Claims challenges, claims requests, and
/// client capabilities").
pub(super) fn is_there(headers: &HeaderMap) -> bool {
    challenges(headers).next().is_some()
}

/// The claims that are wanted, decoded: JSON, if the server is right.
#[cfg(feature = "_diesel")]
pub(super) fn claims(headers: &HeaderMap) -> Option<Vec<u8>> {
    challenges(headers).find_map(|challenge| {
        let (_, rest) = challenge.split_once("claims=\"")?;
        let (claims, _) = rest.split_once('"')?;
        if claims.len() > MAX_LEN {
            return None;
        }
        // Microsoft's samples have the standard alphabet; its own libraries take both.
        let [standard, url_safe] = [alphabet::STANDARD, alphabet::URL_SAFE];
        let decode = |alphabet| GeneralPurpose::new(alphabet, CONFIG).decode(claims).ok();
        decode(&standard).or_else(|| decode(&url_safe))
    })
}

fn challenges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(WWW_AUTHENTICATE);
    let values = values.filter_map(|value| value.to_str().ok());
    values.filter(|value| value.contains("insufficient_claims"))
}

#[cfg(all(test, feature = "_diesel"))]
mod tests {
    use awc::http::header::HeaderValue;

    use super::*;

    #[test]
    fn the_claims_are_found_among_other_headers_in_either_alphabet() {
        let headers = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
            }
            headers
        };
        let sample = "Bearer realm=\"\", authorization_uri=\"https://login.example/authorize\", error=\"insufficient_claims\", claims=\"eyJhIjoiPz8_In0\"";
        let found = claims(&headers(&[
            "Negotiate",
            "Bearer error=\"invalid_token\"",
            sample,
        ]));
        assert_eq!(found.as_deref(), Some(&br#"{"a":"???"}"#[..]));
        let padded = "Bearer claims=\"e30=\", error=\"insufficient_claims\"";
        assert_eq!(claims(&headers(&[padded])).as_deref(), Some(&b"{}"[..]));
        for odd in [
            "Bearer error=\"insufficient_claims\"",
            "Bearer claims=\"e30=\"",
        ] {
            assert_eq!(claims(&headers(&[odd])), None, "{odd}");
        }
        let broken = "Bearer error=\"insufficient_claims\", claims=\"%%%\"";
        assert!(is_there(&headers(&[broken])));
        assert_eq!(claims(&headers(&[broken])), None);
    }
}
