//! What the demo prints.

use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
};

use crate::sign_in::SignIn;

/// Says where the demo runs, once it does.
pub(crate) fn greet(addresses: &[SocketAddr], sign_in: &SignIn) {
    let Some(address) = addresses.first() else {
        return;
    };
    let url = url(address, sign_in);
    println!("\n  The demo is running. Open {url} in your browser.\n");
    match sign_in {
        SignIn::Emulated(entra) => {
            println!(
                "  No application id is set, so an emulated tenant at {} stands in",
                entra.url()
            );
            println!("  for Microsoft. These people live there:\n");
            for person in entra.people() {
                println!(
                    "    {:<28} {}",
                    person.display_name, person.user_principal_name
                );
            }
            println!(
                "\n  To use the real Microsoft, set MICROSOFT_SSO_APPLICATION_ID, _CLIENT_SECRET and _AUTHORITY.\n"
            );
        }
        SignIn::Microsoft => {
            println!(
                "  People sign in with the application that the settings name. Unless they have"
            );
            println!("  a `base_url`, its registration needs the redirect URI");
            println!("  {url}microsoft_sso/callback/\n");
        }
        SignIn::SwitchedOff => {
            println!("  Signing in is switched off (`enabled = false`), so nobody can sign in.\n");
        }
    }
}

/// The address for the browser. Entra accepts `localhost` as a redirect URI, and hardly `127.0.0.1`.
fn url(address: &SocketAddr, sign_in: &SignIn) -> String {
    let (ip, port) = (address.ip(), address.port());
    let is_here = ip.is_loopback() || ip.is_unspecified();
    match (sign_in, ip) {
        (SignIn::Microsoft, _) if is_here => format!("http://localhost:{port}/"),
        (_, IpAddr::V4(_)) if ip.is_unspecified() => format!("http://127.0.0.1:{port}/"),
        (_, IpAddr::V6(_)) if ip.is_unspecified() => format!("http://[::1]:{port}/"),
        _ => format!("http://{address}/"),
    }
}

/// Why the demo can't listen, and what to do.
pub(crate) fn cannot_listen(address: &str, error: &io::Error) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let next = port.parse().ok().and_then(|port: u16| port.checked_add(1));
    let another = format!("{host}:{}", next.unwrap_or(8001));
    let (reason, step) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("{address} is taken: another program listens there, perhaps another demo."),
            "Stop that program, or choose another port:",
        ),
        io::ErrorKind::PermissionDenied => (
            format!("{address} needs rights that this user doesn't have."),
            "Choose a port above 1023:",
        ),
        _ => (
            format!("BIND_ADDRESS is `{address}`, which is no address of this machine: {error}."),
            "Give an address and a port:",
        ),
    };
    let another = match error.kind() {
        io::ErrorKind::AddrInUse => another.as_str(),
        _ => "127.0.0.1:8000",
    };
    format!("{reason}\n  {step}\n\n    BIND_ADDRESS={another} cargo run --example demo")
}

/// Why the demo ends, with what lies behind it.
pub(crate) fn sorry(error: &dyn Error) {
    eprint!("\n  The demo can't run: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprint!(": {error}");
        source = error.source();
    }
    eprintln!("\n");
}
