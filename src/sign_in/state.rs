//! The parameter `state` of the authorization request: which attempt it belongs to, and where the
//! person goes afterwards. It is sealed, so it means nothing to others and nobody can forge one.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::CsrfToken;
use ring::digest::{SHA256, digest};

use super::{ask::Demand, attempt::AttemptId, link::LinkTag};
use crate::{
    site::Site,
    util::{
        crypto::{CryptoError, Sealer},
        next_path::NextPath,
    },
};

/// Most bytes of `next` in a `state`, which stays below 1,500 characters: Entra was seen to refuse
/// longer ones.
const MAX_NEXT: usize = 1024;

/// What `state` says.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The number of the attempt's cookie.
    pub(crate) slot: u8,
    pub(crate) silent: SilentSignIn,
    /// Whether the sign-in began anew, because a callback had no attempt.
    pub(crate) again: bool,
    pub(crate) id: AttemptId,
    pub(crate) began_at: DateTime<Utc>,
    pub(crate) site: SiteTag,
    pub(crate) next: StateNext,
    pub(crate) demand: Demand,
    /// Where the sign-in links an account to a local user.
    pub(crate) link: Option<LinkTag>,
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

/// Names the site of an attempt, and the address that Entra sends the browser back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiteTag([u8; 16]);

impl SiteTag {
    pub(crate) fn new(site: &Site, redirect_uri: &str) -> Self {
        let named = format!("{} {redirect_uri}", site.binding());
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest(&SHA256, named.as_bytes()).as_ref()[..16]);
        Self(tag)
    }
}

/// Where the person goes afterwards, as far as it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StateNext {
    Whole(NextPath),
    /// The beginning; the rest is in a cookie of the browser.
    Head(String),
}

impl StateNext {
    /// What `state` holds, and the rest.
    pub(crate) fn split(next: &NextPath) -> (Self, Option<&str>) {
        match next.as_str().split_at_checked(MAX_NEXT) {
            Some((head, rest)) if !rest.is_empty() => (Self::Head(head.to_owned()), Some(rest)),
            _ => (Self::Whole(next.clone()), None),
        }
    }

    /// The destination, given the rest of a long one; without it, the page without its query.
    pub(crate) fn join(&self, rest: Option<&str>) -> NextPath {
        let head = match self {
            Self::Whole(next) => return next.clone(),
            Self::Head(head) => head,
        };
        let whole = rest.and_then(|rest| NextPath::parse(&format!("{head}{rest}")));
        whole.unwrap_or_else(|| {
            let path = head.split_once('?').map(|(path, _)| path);
            path.and_then(NextPath::parse)
                .unwrap_or_else(NextPath::root)
        })
    }
}

const PURPOSE: &str = "state";

const SILENT: u8 = 0b11;
const AGAIN: u8 = 0b100;
const HEAD: u8 = 0b1000;
const FRESH: u8 = 0b1_0000;
const AUTH_CONTEXT: u8 = 0b10_0000;
const LINK: u8 = 0b100_0000;

impl State {
    pub(crate) fn seal(&self, sealer: &Sealer) -> Result<CsrfToken, CryptoError> {
        let mut flags = match self.silent {
            SilentSignIn::No => 0,
            SilentSignIn::ElseInteractive => 1,
            SilentSignIn::ElseAnonymous => 2,
        };
        if self.again {
            flags |= AGAIN;
        }
        if self.demand.fresh {
            flags |= FRESH;
        }
        let context = self.demand.auth_context.as_deref();
        if context.is_some() {
            flags |= AUTH_CONTEXT;
        }
        if self.link.is_some() {
            flags |= LINK;
        }
        let next = match &self.next {
            StateNext::Whole(next) => next.as_str(),
            StateNext::Head(head) => {
                flags |= HEAD;
                head
            }
        };
        let mut plain = vec![self.slot, flags];
        plain.extend(self.id.0);
        plain.extend(self.site.0);
        plain.extend(self.began_at.timestamp().to_be_bytes());
        if let Some(context) = context {
            plain.push(u8::try_from(context.len()).map_err(|_| CryptoError)?);
            plain.extend(context.as_bytes());
        }
        if let Some(LinkTag(link)) = self.link {
            plain.extend(link);
        }
        plain.extend(next.as_bytes());
        Ok(CsrfToken::new(sealer.seal(PURPOSE, &plain)?))
    }

    /// Opens what [`Self::seal`] made with the same key; `None` for anything else. It is for the site
    /// of its tag alone.
    pub(crate) fn open(sealer: &Sealer, sealed: &str) -> Option<Self> {
        let plain = sealer.open(PURPOSE, sealed)?;
        let ([slot, flags], rest) = plain.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (site, rest) = rest.split_first_chunk()?;
        let (began_at, rest) = rest.split_first_chunk()?;
        let (auth_context, next) = if flags & AUTH_CONTEXT == 0 {
            (None, rest)
        } else {
            let (len, rest) = rest.split_first()?;
            let (context, rest) = rest.split_at_checked(usize::from(*len))?;
            (Some(std::str::from_utf8(context).ok()?.to_owned()), rest)
        };
        let (link, next) = if flags & LINK == 0 {
            (None, next)
        } else {
            let (link, next) = next.split_first_chunk()?;
            (Some(LinkTag(*link)), next)
        };
        let next = std::str::from_utf8(next).ok()?;
        Some(Self {
            slot: *slot,
            silent: match flags & SILENT {
                1 => SilentSignIn::ElseInteractive,
                2 => SilentSignIn::ElseAnonymous,
                _ => SilentSignIn::No,
            },
            again: flags & AGAIN != 0,
            id: AttemptId(*id),
            began_at: DateTime::from_timestamp(i64::from_be_bytes(*began_at), 0)?,
            site: SiteTag(*site),
            next: if flags & HEAD == 0 {
                StateNext::Whole(NextPath::parse(next)?)
            } else {
                StateNext::Head(next.to_owned())
            },
            demand: Demand {
                auth_context,
                fresh: flags & FRESH != 0,
            },
            link,
        })
    }

    /// Whether an attempt of this age may still be under way.
    pub(crate) fn is_recent(&self, site: &Site, now: DateTime<Utc>) -> bool {
        let timeout = TimeDelta::from_std(site.config.timeout).unwrap_or(TimeDelta::MAX);
        (now - self.began_at).abs() < timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::config::Config;

    fn state(next: &NextPath) -> State {
        let config = Config::builder().enabled(false).build().unwrap();
        let site = Site::new("a", config).unwrap();
        State {
            slot: 3,
            silent: SilentSignIn::ElseInteractive,
            again: true,
            id: AttemptId([7; 16]),
            began_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            site: SiteTag::new(&site, "https://a.example/callback/"),
            next: StateNext::split(next).0,
            demand: Demand {
                auth_context: Some("c1".to_owned()),
                fresh: true,
            },
            link: Some(LinkTag([9; 16])),
        }
    }

    #[test]
    fn a_state_survives_sealing_and_stays_short() {
        let sealer = Sealer::new(&[1; 64], &[]).unwrap();
        for length in [1, MAX_NEXT, MAX_NEXT + 1, 2048] {
            let next = NextPath::parse(&format!("/{}", "x".repeat(length - 1))).unwrap();
            let state = state(&next);
            let sealed = state.seal(&sealer).unwrap();
            assert!(sealed.secret().len() < 1500, "{}", sealed.secret().len());
            let opened = State::open(&sealer, sealed.secret()).unwrap();
            assert_eq!((opened.slot, opened.silent), (3, state.silent));
            assert_eq!((opened.id, opened.site), (state.id, state.site));
            assert_eq!((opened.again, opened.began_at), (true, state.began_at));
            assert_eq!((opened.demand, opened.link), (state.demand, state.link));
            let (_, rest) = StateNext::split(&next);
            assert_eq!(opened.next.join(rest), next);
        }
    }

    #[test]
    fn a_site_is_told_by_its_binding_and_by_its_address() {
        let site = |name: &str| {
            let config = Config::builder().enabled(false).build().unwrap();
            Site::new(name, config).unwrap()
        };
        let tag = SiteTag::new(&site("a"), "https://a.example/");
        assert_eq!(tag, SiteTag::new(&site("a"), "https://a.example/"));
        assert_ne!(tag, SiteTag::new(&site("b"), "https://a.example/"));
        assert_ne!(tag, SiteTag::new(&site("a"), "https://b.example/"));
    }

    #[test]
    fn without_its_rest_a_long_next_is_its_path() {
        let next = NextPath::parse(&format!("/a?{}", "x".repeat(2000))).unwrap();
        let (head, rest) = StateNext::split(&next);
        assert!(rest.is_some());
        assert_eq!(head.join(None).as_str(), "/a");
        assert_eq!(head.join(Some("\n")).as_str(), "/a");
        let next = NextPath::parse(&format!("/{}", "x".repeat(2000))).unwrap();
        assert_eq!(StateNext::split(&next).0.join(None).as_str(), "/");
    }

    #[test]
    fn a_cookie_is_no_state() {
        let sealer = Sealer::new(&[1; 64], &[]).unwrap();
        let cookie = sealer.seal("cookie", &[0; 60]).unwrap();
        assert!(State::open(&sealer, &cookie).is_none());
    }
}
