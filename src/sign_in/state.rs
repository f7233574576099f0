//! The parameter `state` of the authorization request: which attempt it belongs to, and where the
//! person goes afterwards. It is sealed, so it means nothing to others and nobody can forge one.

use openidconnect::CsrfToken;

use super::attempt::AttemptId;
use crate::{
    site::Site,
    util::{
        crypto::{CryptoError, Sealer},
        next_path::NextPath,
    },
};

/// What `state` says.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The number of the attempt's cookie.
    pub(crate) slot: u8,
    pub(crate) silent: SilentSignIn,
    pub(crate) id: AttemptId,
    pub(crate) next: NextPath,
}

/// What to do when `prompt=none` needs interaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SilentSignIn {
    /// The sign-in isn't silent: Entra may ask.
    No,
    /// Begin again without `prompt=none`.
    ElseInteractive,
    /// Go on without being signed in.
    ElseAnonymous,
}

const PURPOSE: &str = "state";

impl State {
    pub(crate) fn seal(&self, sealer: &Sealer, site: &Site) -> Result<CsrfToken, CryptoError> {
        let silent = match self.silent {
            SilentSignIn::No => 0,
            SilentSignIn::ElseInteractive => 1,
            SilentSignIn::ElseAnonymous => 2,
        };
        let mut plain = vec![self.slot, silent];
        plain.extend(self.id.0);
        plain.extend(self.next.as_str().as_bytes());
        let sealed = sealer.seal(&site.purpose(PURPOSE), &plain)?;
        Ok(CsrfToken::new(sealed))
    }

    /// Opens what [`Self::seal`] made with the same key for the same site; `None` for anything else.
    pub(crate) fn open(sealer: &Sealer, site: &Site, sealed: &str) -> Option<Self> {
        let plain = sealer.open(&site.purpose(PURPOSE), sealed)?;
        let ([slot, silent], rest) = plain.split_first_chunk()?;
        let (id, next) = rest.split_first_chunk()?;
        Some(Self {
            slot: *slot,
            silent: match silent {
                1 => SilentSignIn::ElseInteractive,
                2 => SilentSignIn::ElseAnonymous,
                _ => SilentSignIn::No,
            },
            id: AttemptId(*id),
            next: NextPath::parse(std::str::from_utf8(next).ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::config::Config;

    #[test]
    fn a_state_survives_sealing_for_its_site_alone() {
        let sealer = Sealer::new(&[1; 64]).unwrap();
        let site = |name: &str| {
            let config = Config::builder().enabled(false).build().unwrap();
            Site::new(name, config).unwrap()
        };
        let state = State {
            slot: 3,
            silent: SilentSignIn::ElseInteractive,
            id: AttemptId([7; 16]),
            next: NextPath::parse("/a?b=c").unwrap(),
        };
        let sealed = state.seal(&sealer, &site("a")).unwrap();
        assert!(State::open(&sealer, &site("b"), sealed.secret()).is_none());
        let opened = State::open(&sealer, &site("a"), sealed.secret()).unwrap();
        assert_eq!(
            (opened.slot, opened.silent),
            (3, SilentSignIn::ElseInteractive)
        );
        assert_eq!((opened.id, opened.next.as_str()), (state.id, "/a?b=c"));
    }

    #[test]
    fn a_cookie_is_no_state() {
        let sealer = Sealer::new(&[1; 64]).unwrap();
        let config = Config::builder().enabled(false).build().unwrap();
        let site = Site::new("a", config).unwrap();
        let cookie = sealer.seal(&site.purpose("cookie"), &[0; 40]).unwrap();
        assert!(State::open(&sealer, &site, &cookie).is_none());
    }
}
