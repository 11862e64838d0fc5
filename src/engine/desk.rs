//! Everything that performers are made from: opened once, shared by all tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use sources::{Door, Manners, Polite};
use states::machine::Happening;
use states::state::{Moment, Timers};
use states::words::{MachineId, RunId, SiteName};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, RwLock};

use super::EngineError;
use super::asking::FreeAnswers;
use super::asking::limits::Turns;
use super::clock::Clock;
use super::ground::Ground;
use super::posts::PostsChecked;
use super::progress::Teller;
use super::recorded::DoorTape;
use crate::config::{Config, Site};
use crate::hugo::Hugo;
use crate::models::{BoundarySecret, Provider, ProviderOptions, Secret};
use crate::publish::Forge;
use crate::store::Store;
use crate::templates::Templates;

/// What performers are made from.
pub struct Desk {
    /// The configuration.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The web, asked politely.
    pub web: Polite,
    /// Prompts and page texts.
    pub templates: Templates,
    /// What data boundaries are keyed with.
    pub secret: BoundarySecret,
    /// Hugo, or why it is missing.
    hugo: Result<Hugo, String>,
    /// Who tells what happens.
    pub teller: Teller,
    pub(super) providers: BTreeMap<String, Result<Provider, String>>,
    pub(super) builtin: Provider,
    /// Who is at a provider now.
    pub(super) turns: Turns,
    pub(super) forges: BTreeMap<SiteName, Result<Forge, String>>,
    pub(super) grounds: BTreeMap<SiteName, Mutex<Ground>>,
    /// Answers that took no call, until they are booked.
    pub(super) free: FreeAnswers,
    /// What is known of each site's posts in this run.
    pub(super) posts_checked: BTreeMap<SiteName, Mutex<PostsChecked>>,
    /// The run under way.
    pub(super) run: RwLock<Option<RunId>>,
    /// What performers noticed on the side, for machines that are not their own.
    pub(super) asides: UnboundedSender<(MachineId, Happening)>,
    pub(super) asides_in: Mutex<UnboundedReceiver<(MachineId, Happening)>>,
}

impl Desk {
    /// Makes the desk from a configuration and its store.
    ///
    /// # Errors
    /// [`EngineError`] where a part cannot be made at all. What may be missing (Hugo, a key) is said when it is needed.
    pub async fn open(config: Config, store: Store, clock: Clock, teller: Teller) -> Result<Arc<Self>, EngineError> {
        let setup = |e: &dyn std::fmt::Display| EngineError::Setup(e.to_string());
        let door = Door::new(config.desk.door.clone()).map_err(|e| setup(&e))?;
        let manners = Manners {
            host_gap: std::time::Duration::from_millis(config.desk.host_gap_ms),
            own_hosts: config.sources.iter().filter_map(|s| s.own_host()).collect(),
        };
        let door = match clock.tape() {
            tape if tape.is_off() => door,
            tape => door.with_wire(Arc::new(DoorTape(tape.clone()))),
        };
        let web = Polite::new(door, manners, store.hosts().await?);
        let templates = match &config.desk.templates {
            Some(folder) => Templates::with_overrides(config.path(folder)),
            None => Templates::built_in(),
        };
        let secret = BoundarySecret::new(store.secret().await?);
        let hugo = Hugo::find(config.hugo().as_deref()).map_err(|e| e.to_string());
        let keys = Keys { replays: clock.tape().replays() };
        let providers = config.providers.iter().map(|p| (p.name.clone(), provider(&config, p, keys))).collect();
        let builtin = Provider::new(ProviderOptions::BuiltIn).map_err(|e| setup(&e))?;
        let turns = Turns::new(&config.providers);
        let forges = config
            .sites
            .iter()
            .filter_map(|site| site.forge.as_ref().map(|f| (site.name.clone(), forge(f, keys))))
            .collect();
        let grounds = config.sites.iter().map(|s| (s.name.clone(), Mutex::new(Ground::default()))).collect();
        let posts_checked = config.sites.iter().map(|s| (s.name.clone(), Mutex::default())).collect();
        let (asides, asides_in) = unbounded_channel();
        Ok(Arc::new(Self {
            config,
            store,
            clock,
            web,
            templates,
            secret,
            hugo,
            teller,
            providers,
            builtin,
            turns,
            forges,
            grounds,
            free: FreeAnswers::default(),
            posts_checked,
            run: RwLock::new(None),
            asides,
            asides_in: Mutex::new(asides_in),
        }))
    }

    /// Hugo as it builds a site, with this desk's clock, or why it is missing.
    ///
    /// # Errors
    /// Where it was looked for.
    pub fn hugo(&self, site: &Site) -> Result<Hugo, String> {
        let build = self.config.build(site);
        // A command may be told the time by its words.
        let clock = (self.clock.is_given() || !build.command.is_empty()).then(|| self.clock.now());
        self.hugo.clone().map(|hugo| Hugo { clock, build, ..hugo })
    }

    /// The site of this name.
    ///
    /// # Errors
    /// When the configuration has lost it: its articles wait.
    pub fn site(&self, name: &SiteName) -> Result<&Site, String> {
        self.config.site(name).ok_or_else(|| {
            format!("the site `{name}` is not in the configuration any more; put it back, or remove its work")
        })
    }

    /// The moment of now for a machine: the time, and the timers that its site or worker has.
    pub fn moment(&self, site: Option<&SiteName>, machine: &MachineId) -> Moment {
        let timers = match machine {
            MachineId::Article(_) => {
                site.and_then(|name| self.config.site(name)).map_or_else(Timers::default, Site::timers)
            }
            MachineId::Worker(name) => match self.config.worker(name) {
                Some(w) => Timers { linger: i64::try_from(w.linger_seconds).unwrap_or(i64::MAX), ..Timers::default() },
                None => Timers::default(),
            },
        };
        Moment { at: self.clock.now(), timers }
    }

    /// The run under way.
    pub async fn run(&self) -> Option<RunId> {
        self.run.read().await.clone()
    }

    /// Notes something for a machine that is not the performer's own.
    pub(super) fn aside(&self, machine: MachineId, happening: impl Into<Happening>) {
        // The engine holds the other end as long as the desk lives.
        let _ = self.asides.send((machine, happening.into()));
    }
}

/// Where keys come from.
#[derive(Debug, Clone, Copy)]
struct Keys {
    /// Nobody is asked, so that no key is needed.
    replays: bool,
}

impl Keys {
    /// Reads the one variable that the configuration names, and no other.
    fn of(self, variable: &str) -> Result<Secret, String> {
        match std::env::var(variable) {
            _ if self.replays => Ok(Secret::new("replayed")),
            Ok(value) if !value.trim().is_empty() => Ok(Secret::new(value.trim())),
            _ => Err(format!("the variable {variable} is not set: set it, or leave out `key_env`")),
        }
    }
}

fn provider(config: &Config, section: &crate::config::ProviderSection, keys: Keys) -> Result<Provider, String> {
    let key = section.key_env.as_deref().map(|variable| keys.of(variable)).transpose()?;
    Provider::new(section.options(key, &config.terms(section)?.prices)).map_err(|e| e.to_string())
}

fn forge(options: &crate::publish::ForgeOptions, keys: Keys) -> Result<Forge, String> {
    let token = keys.of(&options.token_env)?;
    Forge::new(options.clone(), crate::publish::SecretString::from(token.expose().to_owned()))
        .map_err(|e| e.to_string())
}
