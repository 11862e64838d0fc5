//! From what went wrong with a model server to the command that mends it.
//!
//! A pure table: the error, and what the options say of the server. No message holds an address or a key.

use super::call_error::CallError;
use super::provider::{Api, OpenAiOptions};

/// What kind of server it is, as far as its options tell. Each is started, bound and filled in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// Ollama, over either of its interfaces.
    Ollama,
    /// Another server that somebody runs themselves: llama.cpp, vLLM.
    Own,
    /// Somebody else's.
    Hosted,
}

/// What kind of server the options mean: an interface or the usual port of Ollama, an address inside the network, or one
/// outside.
pub fn kind_of(options: &OpenAiOptions) -> ServerKind {
    let url: Option<url::Url> = options.base_url.parse().ok();
    let port = url.as_ref().and_then(url::Url::port);
    match options.api {
        Api::Ollama => ServerKind::Ollama,
        Api::Anthropic => ServerKind::Hosted,
        Api::OpenAi if port == Some(11_434) => ServerKind::Ollama,
        Api::OpenAi if url.is_some_and(|url| is_near(&url)) => ServerKind::Own,
        Api::OpenAi => ServerKind::Hosted,
    }
}

/// True where the server is asked on this machine.
fn is_here(options: &OpenAiOptions) -> bool {
    let url: Option<url::Url> = options.base_url.parse().ok();
    url.as_ref().and_then(url::Url::host).is_some_and(|host| match host {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(ip) => ip.is_loopback(),
        url::Host::Ipv6(ip) => ip.is_loopback(),
    })
}

/// True for an address of one's own network.
fn is_near(url: &url::Url) -> bool {
    match url.host() {
        None => false,
        Some(url::Host::Domain(name)) => {
            !name.contains('.') || [".local", ".lan", ".home.arpa", ".internal"].iter().any(|end| name.ends_with(end))
        }
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// What an error means at this server, with the next step.
pub fn explain(options: &OpenAiOptions, error: &CallError) -> String {
    match step(options, error) {
        Some(step) => format!("{}: {step}", head(error)),
        None => error.to_string(),
    }
}

/// The error without the general advice after its colon: the step that follows is the better one.
fn head(error: &CallError) -> String {
    let said = error.to_string();
    said.split(": ").next().unwrap_or_default().to_owned()
}

/// The command to type, or the setting to change.
fn step(options: &OpenAiOptions, error: &CallError) -> Option<String> {
    let model = &options.model;
    let context = options.context_tokens;
    let here = is_here(options);
    Some(match (error, kind_of(options)) {
        // A refused connection is an answer of the host: it is up, and the server is not there for us.
        (CallError::NotListening, ServerKind::Ollama) if here => "start it with `ollama serve`".to_owned(),
        (CallError::NotListening, ServerKind::Ollama) => {
            "Ollama is not running there, or listens to its own host only: start it there with \
             `OLLAMA_HOST=0.0.0.0 ollama serve`"
                .to_owned()
        }
        (CallError::NotListening, ServerKind::Own) if here => {
            "start the server (llama.cpp: `llama-server -m FILE.gguf`), or mend the port in `base_url`".to_owned()
        }
        (CallError::NotListening, ServerKind::Own) => {
            "the server is not running there, or listens to its own host only: start it with `--host 0.0.0.0`, or mend \
             the port in `base_url`"
                .to_owned()
        }
        (CallError::NotListening, ServerKind::Hosted) => "mend `base_url`".to_owned(),
        (CallError::ModelMissing { .. }, ServerKind::Ollama) => format!("`ollama pull {model}` on that host"),
        (CallError::ModelMissing { .. }, ServerKind::Own) => {
            format!("start the server with it (vLLM: `vllm serve {model}`), or name the one that it serves in `model`")
        }
        (CallError::Clipped { .. }, ServerKind::Ollama) if options.api == Api::OpenAi => {
            format!("set `kind = \"ollama\"`, or start it with `OLLAMA_CONTEXT_LENGTH={context} ollama serve`")
        }
        (CallError::Clipped { .. }, ServerKind::Own) => {
            format!("start the server with that context (llama.cpp: `-c {context}`), or lower `context_tokens`")
        }
        (CallError::Clipped { .. }, _) => "lower `context_tokens` to what the model really takes".to_owned(),
        (CallError::OnlyThinking { .. }, ServerKind::Ollama) if options.api == Api::Ollama && options.think => {
            "set `think = false`".to_owned()
        }
        (CallError::OnlyThinking { .. }, ServerKind::Ollama) if options.api == Api::OpenAi => {
            "set `kind = \"ollama\"`, which switches thinking off".to_owned()
        }
        (CallError::OnlyThinking { .. }, ServerKind::Own) => "switch its thinking off with \
             `extra_body = { chat_template_kwargs = { enable_thinking = false } }` (llama.cpp: start it with \
             `--reasoning-budget 0`)"
            .to_owned(),
        (CallError::OnlyThinking { .. }, _) => "name a model that does not think, or one that thinks less".to_owned(),
        (CallError::Auth { .. }, ServerKind::Hosted) => "check the variable named in `key_env`".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Usage;

    fn options(api: Api, base_url: &str) -> OpenAiOptions {
        OpenAiOptions { api, base_url: base_url.into(), model: "qwen3:14b".into(), ..OpenAiOptions::default() }
    }

    #[test]
    fn servers_are_told_apart_by_their_interface_and_address() {
        for (api, url, kind) in [
            (Api::Ollama, "http://box:8080", ServerKind::Ollama),
            (Api::OpenAi, "http://192.168.1.20:11434/v1", ServerKind::Ollama),
            (Api::OpenAi, "http://192.168.1.20:8080/v1", ServerKind::Own),
            (Api::OpenAi, "http://gpu.lan:8000/v1", ServerKind::Own),
            (Api::OpenAi, "http://[fd00::1]:8000/v1", ServerKind::Own),
            (Api::OpenAi, "https://models.example/v1", ServerKind::Hosted),
            (Api::Anthropic, "http://127.0.0.1:9", ServerKind::Hosted),
        ] {
            assert_eq!(kind_of(&options(api, url)), kind, "{url}");
        }
    }

    #[test]
    fn each_fault_names_the_command_that_mends_it() {
        let usage = Usage { tokens_out: 700, ..Usage::default() };
        let missing = CallError::ModelMissing { model: "qwen3:14b".into() };
        let clipped = CallError::Clipped { sent_estimate: 9_000, counted: 4_096, usage };
        let thinking = CallError::OnlyThinking { usage };
        let (here, far) = ("http://127.0.0.1:11434", "http://192.168.1.20:11434");
        let own = "http://192.168.1.20:8080/v1";
        let hosted = "https://models.example/v1";
        let v1 = "http://192.168.1.20:11434/v1";
        for (api, url, error, wanted) in [
            (Api::Ollama, here, &CallError::NotListening, "`ollama serve`"),
            (Api::Ollama, far, &CallError::NotListening, "`OLLAMA_HOST=0.0.0.0 ollama serve`"),
            (Api::OpenAi, "http://127.0.0.1:8080/v1", &CallError::NotListening, "`llama-server -m FILE.gguf`"),
            (Api::OpenAi, own, &CallError::NotListening, "`--host 0.0.0.0`"),
            (Api::OpenAi, hosted, &CallError::NotListening, "mend `base_url`"),
            (Api::Ollama, far, &missing, "`ollama pull qwen3:14b`"),
            (Api::OpenAi, v1, &missing, "`ollama pull qwen3:14b`"),
            (Api::OpenAi, own, &missing, "`vllm serve qwen3:14b`"),
            (Api::OpenAi, hosted, &missing, "name another one"),
            (Api::OpenAi, v1, &clipped, "kind = \"ollama\""),
            (Api::OpenAi, own, &clipped, "`-c 32768`"),
            (Api::Ollama, far, &clipped, "lower `context_tokens`"),
            (Api::OpenAi, v1, &thinking, "kind = \"ollama\""),
            (Api::OpenAi, own, &thinking, "enable_thinking = false"),
            (Api::OpenAi, hosted, &thinking, "thinks less"),
            (Api::OpenAi, own, &CallError::Loading { after_seconds: None }, "still loading"),
            (Api::OpenAi, hosted, &CallError::Auth { status: 401 }, "`key_env`"),
        ] {
            let said = explain(&options(api, url), error);
            assert!(said.contains(wanted), "{said}");
            assert!(!said.contains("192.168") && !said.contains("//"), "no address: {said}");
        }
        let thinks = OpenAiOptions { think: true, ..options(Api::Ollama, far) };
        assert!(explain(&thinks, &thinking).ends_with("set `think = false`"));
    }
}
