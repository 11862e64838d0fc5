//! A real inference server: llama.cpp's, with a tiny model of random weights. It rambles, within the schemas it is given. The long
//! tests (`make soak`) build both into .tools/llama.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{hugo, skip, workspace};
use crate::world::{Spec, World, rows};

/// The server; ended with the test.
struct Llama {
    child: Child,
    port: u16,
}

impl Llama {
    /// Starts it and waits until it has loaded its model.
    fn start(more: &[&str]) -> Option<Self> {
        let folder = workspace().join(".tools/llama");
        let (program, model) = (folder.join("llama-server"), folder.join("tiny.gguf"));
        if !program.exists() || !model.exists() {
            skip("there is no llama.cpp in .tools/llama (`make soak` builds it)");
            return None;
        }
        // Free now; the server takes it a moment later.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .arg("--model")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--ctx-size", "65536", "--parallel", "1"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let llama = Self { child, port };
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if is_up(port) {
                return Some(llama);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the server did not come up within a minute");
    }
}

/// Whether its health says 200; while the model is being loaded it is 503.
fn is_up(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = String::new();
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").is_ok()
        && stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.lines().next().is_some_and(|line| line.contains(" 200 "))
}

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The members that an answer to a task has to have.
fn members(task: &str) -> &'static [&'static str] {
    match task {
        "triage" => &["relevance", "kind", "topic", "keywords", "confidence_percent", "why"],
        "draft" | "revise" => &["title", "description", "summary", "sections", "tags"],
        "judge" => &["grounding", "structure", "intent", "voice", "why"],
        other => panic!("nobody asked for {other}"),
    }
}

/// A column of a dumped row that holds JSON: from its name to the next one.
fn column<'r>(row: &'r str, name: &str, next: &str) -> Option<&'r str> {
    row.split_once(&format!(" {name}="))?.1.split(&format!(" {next}=")).next()
}

/// The calls of a run over four leads.
fn calls(routes: &str, providers: &str) -> Vec<String> {
    let models = format!("{routes}{providers}");
    let mut world = World::new(4, &Spec { desk: "patience_seconds = 60\n".into(), models, ..Spec::default() });
    world.desk = world.desk.with_limit(Duration::from_secs(900));
    let (output, report) = world.run();
    // The judge that stood in gives a review at best.
    assert!(matches!(output.code, Some(0 | 3)), "{output}");
    assert!(report["parked"].as_array().is_some_and(Vec::is_empty), "{output}");
    rows(&world.dump(), "model_calls").into_iter().map(str::to_owned).collect()
}

fn of<'r>(calls: &'r [String], task: &str) -> Vec<&'r str> {
    let task = format!(" task={task} ");
    calls.iter().map(String::as_str).filter(|row| row.contains(&task)).collect()
}

#[test]
#[ignore = "long: needs llama.cpp's server"]
fn a_real_server_answers_every_task_within_its_schema() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let Some(chat) = Llama::start(&["--jinja"]) else { return };
    let Some(meaning) =
        Llama::start(&["--embeddings", "--pooling", "mean", "--batch-size", "8192", "--ubatch-size", "8192"])
    else {
        return;
    };
    // A quotation mark more often than chance has it, and no blanks: else no string of a random model ends.
    let bias = "logit_bias = [[260, 5.0], [353, -20.0], [35, -20.0], [3, -20.0], [12, -20.0], [13, -20.0]]";
    let providers = format!(
        "[[provider]]\nname = \"llama\"\nbase_url = \"http://127.0.0.1:{}/v1\"\nmodel = \"tiny\"\ncontext_tokens = 60000\n\
         timeout_seconds = 120\nextra_body = {{ {bias} }}\n\
         [[provider]]\nname = \"meaning\"\nbase_url = \"http://127.0.0.1:{}/v1\"\nmodel = \"tiny-meaning\"\n\
         context_tokens = 8192\n",
        chat.port, meaning.port
    );
    // To a random model all leads mean the same, so that only the first would be written about: what it says of leads, and what
    // it writes, are asked in worlds of their own.
    let leads = calls("[routes]\ntriage = [\"llama\", \"builtin\"]\nembed = [\"meaning\"]\n", &providers);
    let drafts = calls("[routes]\ndraft = [\"llama\", \"builtin\"]\njudge = [\"llama\", \"builtin\"]\n", &providers);
    let vectors = of(&leads, "embed");
    assert_eq!(vectors.iter().filter(|row| row.contains(" status=accepted ")).count(), 4, "{vectors:#?}");
    for (calls, task) in [(&leads, "triage"), (&drafts, "draft"), (&drafts, "judge")] {
        let calls = of(calls, task);
        assert!(!calls.is_empty(), "{task} was not asked");
        let mut answered = 0;
        for row in calls {
            let bound = row.contains(" status=accepted ") || row.contains(" status=unusable ");
            // One that rambles on until its tokens are used up has given no answer.
            assert!(bound || row.contains("cut off") || row.contains("over and over"), "{row}");
            let Some(answer) = column(row, "answer", "error").filter(|_| bound) else { continue };
            let answer: Value = serde_json::from_str(answer).unwrap_or_else(|e| panic!("{task}: {e}: {answer}"));
            let object = answer.as_object().unwrap_or_else(|| panic!("{task}: {answer}"));
            let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
            let mut wanted = members(task).to_vec();
            names.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(names, wanted, "{task}: {answer}");
            answered += 1;
        }
        assert!(answered > 0, "no answer to {task} has the form of its schema");
    }
}
