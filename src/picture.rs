//! A picture: its type by its first bytes, never by what a sender claims.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

/// Largest picture that is kept, in bytes. Graph's own sizes end at 648x648 pixels.
pub(crate) const LIMIT: usize = 1024 * 1024;

/// A JPEG, PNG, GIF or WebP picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    bytes: Vec<u8>,
    media_type: &'static str,
}

impl Picture {
    /// Takes bytes for a picture, if their beginning says that they are one.
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
        Some(Self { bytes, media_type })
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

    /// The SHA-256 of the bytes, in hex: tells whether a picture changed without reading it.
    pub fn sha256(&self) -> String {
        hex(digest(&SHA256, &self.bytes).as_ref())
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
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
