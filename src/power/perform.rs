//! Commands and calls, within time limits and without a shell.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use super::means::{HttpCall, Untold};
use super::secret;

/// Of a reply or of a command's complaint, no more is kept.
const MAX_BYTES: usize = 4_096;
/// Of a complaint, so many characters are told.
const MAX_WORDS: usize = 300;
/// What a command has left running may hold its complaints open; they are not waited for longer than this.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How a command that was started ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// With exit code 0.
    Well,
    /// Otherwise.
    Badly {
        /// Its exit code; none when it was ended.
        code: Option<i32>,
        /// In words.
        why: String,
    },
}

/// Runs a command. An error says that it could not even be started.
pub(super) async fn run(argv: &[String], seconds: u64) -> Result<Ran, String> {
    let (program, arguments) = argv.split_first().ok_or_else(|| "the command is empty".to_owned())?;
    let mut command = Command::new(program);
    command.args(arguments);
    run_command(program, command, seconds).await
}

/// As [`run`], for a command that is prepared; `name` is what messages call it. Its output goes nowhere, its complaints are
/// kept as far as a message needs them, and when the time is up it is ended with all that it has started.
pub(super) async fn run_command(name: &str, mut command: Command, seconds: u64) -> Result<Ran, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(|error| format!("`{name}` cannot be started: {error}"))?;
    let mut group = Group(child);
    let said = Arc::new(Mutex::new(Vec::new()));
    let reading = group.0.stderr.take().map(|mut from| {
        let said = said.clone();
        tokio::spawn(async move {
            let mut buffer = [0_u8; 1_024];
            while let Ok(read @ 1..) = from.read(&mut buffer).await {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                said.extend_from_slice(&buffer[..read]);
                let over = said.len().saturating_sub(MAX_BYTES);
                said.drain(..over);
            }
        })
    });
    // A suspended box takes its ssh connection along; the command may never end.
    let ended = tokio::time::timeout(Duration::from_secs(seconds), group.0.wait()).await;
    if let Some(mut reading) = reading {
        if ended.is_ok() {
            let _ = tokio::time::timeout(LAST_WORDS, &mut reading).await;
        }
        reading.abort();
    }
    let badly = |code, why| Ok(Ran::Badly { code, why });
    match ended {
        Err(_) => badly(None, format!("`{name}` did not end within {seconds} s")),
        Ok(Err(error)) => badly(None, format!("`{name}` failed: {error}")),
        Ok(Ok(status)) if status.success() => Ok(Ran::Well),
        Ok(Ok(status)) => {
            let words = clean(&said.lock().unwrap_or_else(PoisonError::into_inner));
            badly(status.code(), format!("`{name}` ended with {status}: {words}"))
        }
    }
}

/// A child that leads a group of processes. Dropped while it runs, the whole group is ended.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // No id means that it has been waited for: its number may be another's by now.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // An error means that it has just ended.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// The end of what was said, on one line, without control characters.
fn clean(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    text[text.len().saturating_sub(MAX_WORDS)..].iter().collect()
}

/// Makes a call. Gives its status and the beginning of its body, or how it failed. No message holds the URL: it may carry a
/// token.
pub(super) async fn call(call: &HttpCall, seconds: u64) -> Result<(u16, String), Untold> {
    let method = match call.method.as_str() {
        "GET" => reqwest::Method::GET,
        "POST" => reqwest::Method::POST,
        "PUT" => reqwest::Method::PUT,
        _ => return Err(Untold::Refused("the method must be GET, POST or PUT".to_owned())),
    };
    let limit = Duration::from_secs(seconds);
    let client =
        client(limit).ok_or_else(|| Untold::Refused("no HTTP client can be made on this system".to_owned()))?;
    let told = |error: reqwest::Error| match () {
        () if error.is_builder() => {
            Untold::Refused("the call cannot be made: its URL, a header or the token is wrong".into())
        }
        () if error.is_timeout() => Untold::Lost("no answer in time".into()),
        () => Untold::Lost("no connection".into()),
    };
    let mut request = client.request(method, &call.url);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    if let Some(variable) = &call.token_env {
        let token = secret::read(variable, "token_env").map_err(Untold::Refused)?;
        let (name, value) = match &call.token_header {
            Some(name) => (name.as_str(), token),
            None => ("authorization", format!("Bearer {token}")),
        };
        let mut value = reqwest::header::HeaderValue::from_str(&value)
            .map_err(|_| Untold::Refused(format!("the variable {variable} holds characters that no header takes")))?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    if let Some(body) = &call.body {
        request = request.body(body.clone());
    }
    let mut response = request.send().await.map_err(told)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < MAX_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MAX_BYTES);
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A client for things in the house: no proxy, no redirect.
pub(super) fn client(limit: Duration) -> Option<reqwest::Client> {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(limit).build().ok()
}
