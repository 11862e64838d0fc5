//! How long a person waits for `pipeline gate FILE --site DIR` on a site of a thousand posts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Result, row};

const POSTS: usize = 1_000;
/// How long it may take once nothing of the site has changed.
const GOAL: Duration = Duration::from_secs(2);
const WARM_RUNS: usize = 5;

/// Measures the program itself, as a child process: the first call, which builds the site, and calls after it.
pub(super) fn gate_on_a_thousand_posts() -> Result<()> {
    let what = |how: &str| format!("gate a post of a site of 1,000, {how}");
    let Some(hugo) = hugo() else {
        row(&what("not measured"), "no Hugo", "");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let site = folder.path().join("site");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("hugo-site"), &site)?;
    for n in 0..POSTS {
        let post = site.join(format!("content/posts/post-{n}/index.md"));
        std::fs::create_dir_all(post.parent().ok_or("a file has a folder")?)?;
        std::fs::write(post, text(n))?;
    }
    let judge = || -> Result<Duration> {
        let began = Instant::now();
        let out = Command::new(env!("CARGO_BIN_EXE_pipeline"))
            .args(["--config", "none.toml", "gate", "--json", "--now", "2026-11-21T06:00:00Z", "--site", "site"])
            .arg("site/content/posts/post-500/index.md")
            .current_dir(folder.path())
            .env("PIPELINE_HUGO", &hugo)
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .stdin(Stdio::null())
            .output()?;
        let took = began.elapsed();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(matches!(out.status.code(), Some(0 | 1)) && !said.contains("not checked"), "{said}");
        Ok(took)
    };
    let cold = judge()?;
    let mut warm = (0..WARM_RUNS).map(|_| judge()).collect::<Result<Vec<_>>>()?;
    warm.sort();
    let shown = |took: Duration| format!("{:.0} ms", took.as_secs_f64() * 1e3);
    row(&what("cold"), &shown(cold), "");
    row(&what("warm"), &shown(warm[WARM_RUNS / 2]), &format!("goal {}", shown(GOAL)));
    Ok(())
}

fn hugo() -> Option<PathBuf> {
    let named = std::env::var_os("PIPELINE_HUGO").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/hugo");
    named.or(Some(own)).filter(|path| path.is_file()).and_then(|path| path.canonicalize().ok())
}

/// A post of some 700 words, most sentences of which no other post has.
fn text(n: usize) -> String {
    let mut text = format!(
        "---\ntitle: Post {n} on rollers\ndescription: What roller {n} does.\ndate: 2026-{:02}-{:02}T08:00:00Z\n\
         tags: [releases]\n---\n\n",
        n % 10 + 1,
        n % 28 + 1
    );
    for part in 0..6 {
        let _ = write!(text, "## Part {part} of {n}\n\n");
        for sentence in 0..7 {
            let _ = write!(
                text,
                "Roller {n} takes {} pages of kind {part} in {sentence} turns, as [post {}](/posts/post-{}/) tells at length. ",
                n * 7 + sentence,
                (n + sentence) % POSTS,
                (n + sentence) % POSTS
            );
        }
        text.push_str("\n\n");
    }
    text.push_str("This desk reads what is new about rollers each week and tells it in short.\n");
    text
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => drop(std::fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}
