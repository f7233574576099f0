//! The doctor's look at Entra: can it be reached, is the clock right, does it take the credential?

use chrono::{DateTime, TimeDelta};

use super::{finding::Finding, instruments::Instruments};
use crate::{
    http_client::response::Source,
    oidc::{
        exchange::{ExchangeError, Grant},
        provider::Snapshot,
        refusal::EntraRefusal,
    },
    site::Site,
    util::{
        client_certificate::WARN_BELOW_DAYS,
        clock::{Clock, SystemClock},
        log::chain,
    },
};

/// Numbers that are about the credential, the application or the tenant. Entra looks at them before the rest
/// of a request.
const OF_REGISTRATION: [u32; 21] = [
    7_000_215, 7_000_222, 70_002, 7_000_218, 700_025, 700_027, 50_012, 700_030, 5_002_741, 50_048,
    70_021, 700_211, 700_212, 700_213, 7_002_138, 700_024, 700_016, 700_011, 7_000_112, 90_002,
    90_038,
];

/// More than this is worth a line.
const CLOCK_WARNING: TimeDelta = TimeDelta::seconds(30);

pub(super) async fn check(with: &Instruments, site: &Site) -> Vec<Finding> {
    let timeout = site.config.entra_timeout;
    let provider = site.provider(&with.providers);
    let snapshot = match provider.snapshot(&with.http, timeout).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let mend = "is `authority` right, and can this machine reach that URL? docs/connect.md has proxies and TLS inspection";
            let unknown = |check| Finding::unknown(check, "Entra can't be asked");
            return vec![
                Finding::failure("entra", chain(&error), mend),
                unknown("clock"),
                unknown("credential"),
            ];
        }
    };
    vec![
        reached(with, site, &snapshot),
        clock(with, site).await,
        credential(with, site, &snapshot).await,
    ]
}

/// When the certificate ends. Of a secret, Entra alone knows that.
pub(super) fn certificate(site: &Site) -> Option<Finding> {
    let days = site.credential.certificate_days(SystemClock.now())?;
    let mend = "register a new certificate with the app registration, then replace the file";
    Some(if days < 0 {
        Finding::failure("certificate", format!("it ended {} days ago", -days), mend)
    } else if days < WARN_BELOW_DAYS {
        Finding::warning("certificate", format!("it ends in {days} days"), mend)
    } else {
        Finding::ok("certificate", format!("it ends in {days} days"))
    })
}

fn reached(with: &Instruments, site: &Site, snapshot: &Snapshot) -> Finding {
    let url = site
        .config
        .authority
        .metadata_url(&site.config.application_id);
    let way = match with.network.proxy_of(&url) {
        Some(proxy) => format!("through the proxy {proxy}"),
        None => "without a proxy".to_owned(),
    };
    let (keys, issuer) = (snapshot.keys.keys().len(), &snapshot.metadata.issuer);
    Finding::ok(
        "entra",
        format!("reached {way}; issuer {issuer}, {keys} keys"),
    )
}

async fn clock(with: &Instruments, site: &Site) -> Finding {
    let url = site
        .config
        .authority
        .metadata_url(&site.config.application_id);
    let response = with
        .http
        .get(&url, None, 1 << 20, site.config.entra_timeout);
    let date = response
        .await
        .ok()
        .and_then(|response| date(&response.source));
    let Some(date) = date else {
        return Finding::unknown("clock", "Entra's answer has no date to compare with");
    };
    let ahead = SystemClock.now() - date.to_utc();
    let seconds = ahead.num_seconds();
    let leeway = TimeDelta::from_std(site.config.clock_leeway).unwrap_or_default();
    let mend = "let the machine set its clock by NTP";
    let said = format!("this machine is {seconds} s ahead of Entra");
    if ahead.abs() > leeway {
        Finding::failure("clock", said, mend)
    } else if ahead.abs() > CLOCK_WARNING {
        Finding::warning("clock", said, mend)
    } else {
        Finding::ok("clock", "within 30 s of Entra's")
    }
}

fn date(source: &Source) -> Option<DateTime<chrono::FixedOffset>> {
    DateTime::parse_from_rfc2822(source.date()?).ok()
}

/// Asks for a token of the application's own (RFC 6749, section 4.4), which nothing is done with.
async fn credential(
    with: &Instruments,
    site: &Site,
    snapshot: &std::sync::Arc<Snapshot>,
) -> Finding {
    let client = site.client(snapshot);
    let token = site.token_client(&client, snapshot, &with.http, SystemClock.now());
    let graph = &site.config.graph_url;
    let scope = format!("{}/.default", graph.origin().ascii_serialization());
    let name = site.credential.name();
    match token.redeem(&Grant::ClientCredentials { scope }).await {
        Ok(_) => Finding::ok("credential", format!("Entra takes the {name}")),
        Err(ExchangeError::Refused(refusal, endpoint)) => refused(site, name, &refusal, &endpoint),
        Err(error) => Finding::failure(
            "credential",
            chain(&error),
            "the reason names the file, the endpoint or what is on the way",
        ),
    }
}

fn refused(site: &Site, name: &str, refusal: &EntraRefusal, endpoint: &Source) -> Finding {
    if refusal.has_number(&OF_REGISTRATION) {
        return Finding::failure(
            "credential",
            format!("Entra refuses the {name}: {refusal}"),
            "the words in brackets say what to do",
        );
    }
    let why = if site.config.authority.is_multi_tenant() {
        "it answers for one tenant alone, and `authority` names many"
    } else {
        "it refused something else"
    };
    Finding::unknown(
        "credential",
        format!("whether Entra takes the {name}: {why} ({refusal}; {endpoint})"),
    )
}
