//! Pictures. The first bytes tell the media type, never what a sender claims.

use std::{fmt, sync::OnceLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};
use serde::{Serialize, Serializer};

use super::crypto::hex;

/// Largest picture that is stored, in bytes. Graph's largest size is 648x648 pixels.
pub(crate) const MAX_LEN: usize = 1024 * 1024;

/// A JPEG, PNG, GIF or WebP picture.
#[derive(Clone)]
pub struct Picture {
    bytes: Vec<u8>,
    media_type: &'static str,
    sha256: OnceLock<String>,
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Picture {}

impl Picture {
    /// Recognises a picture by its first bytes; `None` for anything else.
    pub fn sniff(bytes: Vec<u8>) -> Option<Self> {
        let media_type = match bytes.as_slice() {
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => "image/webp",
            _ => return None,
        };
        Some(Self {
            bytes,
            media_type,
            sha256: OnceLock::new(),
        })
    }

    /// The picture's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The media type of the bytes, such as `image/jpeg`.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The picture as a `data:` URL, for an `img` element.
    pub fn data_url(&self) -> String {
        let data = STANDARD.encode(&self.bytes);
        format!("data:{};base64,{data}", self.media_type)
    }

    /// The SHA-256 of the bytes, in hex: tells whether a picture changed.
    pub fn sha256(&self) -> String {
        self.hash().to_owned()
    }

    /// As [`sha256`](Self::sha256), computed once.
    pub(crate) fn hash(&self) -> &str {
        let hash = || hex(digest(&SHA256, &self.bytes).as_ref());
        self.sha256.get_or_init(hash)
    }
}

/// What to do with the stored picture of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureUpdate {
    /// Graph sent nothing usable: the stored picture stays.
    Keep,
    /// Graph has no photo: the stored picture goes.
    Remove,
    /// Store this picture.
    Replace(Picture),
}

impl Serialize for Picture {
    /// As its `data:` URL.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.data_url())
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({}, {} bytes)",
            self.media_type,
            self.bytes.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_kinds_of_picture_are_pictures() {
        let kind = |bytes: &[u8]| Picture::sniff(bytes.to_vec()).map(|picture| picture.media_type);
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n123"), Some("image/png"));
        assert_eq!(kind(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(kind(b"<html><body>sign in</body></html>"), None);
        assert_eq!(kind(b"<svg onload=alert(1)>"), None);
        assert_eq!(kind(b""), None);
    }
}
