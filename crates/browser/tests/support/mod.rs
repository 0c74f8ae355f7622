//! A real Chromium, and a program that is served to it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test program uses a part of this")]

pub mod acts;
pub mod office;
pub mod program;
pub mod rich;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::log::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;

/// A browser of its own, with an empty profile.
pub struct Browser {
    pub driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: TempDir,
}

struct Chromedriver(Child, u16);

impl Chromedriver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs: `cargo xtask test` installs it");
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut port = None;
        for line in output.lines() {
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                port = rest.trim_end_matches('.').trim().parse().ok();
                break;
            }
        }
        Self(child, port.expect("chromedriver says its port"))
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    pub async fn start() -> Self {
        Self::begin(json!({})).await
    }

    /// One that runs no script of any page, as somebody chose in its settings.
    pub async fn start_without_script() -> Self {
        Self::begin(json!({"profile.managed_default_content_settings.javascript": 2})).await
    }

    async fn begin(preferences: Value) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let chromedriver = Chromedriver::start();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
        ] {
            capabilities.add_arg(argument).unwrap();
        }
        let folder = format!("--user-data-dir={}", profile.path().display());
        capabilities.add_arg(&folder).unwrap();
        capabilities
            .add_experimental_option("prefs", preferences)
            .unwrap();
        capabilities
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        let address = format!("http://127.0.0.1:{}", chromedriver.1);
        let driver = WebDriver::new(&address, capabilities)
            .await
            .expect("a session begins");
        driver
            .set_page_load_timeout(Duration::from_secs(60))
            .await
            .unwrap();
        driver
            .set_script_timeout(Duration::from_secs(60))
            .await
            .unwrap();
        Self {
            driver,
            _chromedriver: chromedriver,
            _profile: profile,
        }
    }

    pub async fn command(&self, command: &str, arguments: Value) -> Value {
        self.driver
            .cdp()
            .send_raw(command, arguments)
            .await
            .unwrap()
    }

    /// An authenticator that shows a passkey whenever it is asked.
    pub async fn add_authenticator(&self) -> String {
        self.add_authenticator_with(json!({})).await
    }

    /// As [`Self::add_authenticator`], with further options.
    pub async fn add_authenticator_with(&self, more: Value) -> String {
        self.command("WebAuthn.enable", json!({})).await;
        let mut options = json!({
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        let wanted = json!({"options": options});
        let answer = self
            .command("WebAuthn.addVirtualAuthenticator", wanted)
            .await;
        answer["authenticatorId"].as_str().unwrap().to_owned()
    }

    /// Whether somebody touches the authenticator when it asks.
    pub async fn touches(&self, authenticator: &str, does: bool) {
        let how = json!({"authenticatorId": authenticator, "enabled": does});
        self.command("WebAuthn.setAutomaticPresenceSimulation", how)
            .await;
    }

    /// Light or dark.
    pub async fn theme(&self, theme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.command("Emulation.setEmulatedMedia", features).await;
    }

    /// The window's width, in CSS pixels.
    pub async fn width(&self, width: u32) {
        self.size(width, 1000).await;
    }

    /// The window's width and height, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    pub async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    pub async fn find(&self, css: &str) -> WebElement {
        self.driver
            .query(By::Css(css.to_owned()))
            .wait(Duration::from_secs(20), Duration::from_millis(100))
            .first()
            .await
            .unwrap_or_else(|error| panic!("`{css}`: {error}"))
    }

    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.scroll_into_view().await.unwrap();
        element.click().await.unwrap();
        self.settle().await;
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// The text of the page's main part.
    pub async fn text(&self) -> String {
        self.find("main").await.text().await.unwrap()
    }

    /// Waits until the page's main part says this.
    pub async fn wait_for(&self, words: &str) {
        for _ in 0..200 {
            if let Ok(main) = self.driver.find(By::Css("main")).await
                && main.text().await.is_ok_and(|text| text.contains(words))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "`{words}` did not appear; the page says:\n{}",
            self.text().await
        );
    }

    pub async fn script(&self, script: &str) -> Value {
        self.driver
            .execute(script, vec![])
            .await
            .unwrap()
            .json()
            .clone()
    }

    /// What the console says since it was last asked, without what `expected` contains.
    pub async fn complaints(&self, expected: &[&str]) -> Vec<String> {
        let log = self.driver.get_log("browser").await.unwrap();
        log.into_iter()
            .map(|entry| format!("{:?}", entry))
            .filter(|line| !expected.iter().any(|words| line.contains(words)))
            .collect()
    }

    /// What axe finds on the page.
    pub async fn axe(&self) -> Vec<String> {
        let source = std::fs::read_to_string(axe_path())
            .expect("axe is there: `cargo xtask test` installs it");
        self.driver.execute(&source, vec![]).await.unwrap();
        let script = "const done = arguments[0]; \
            axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}) \
            .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')+' '+n.failureSummary).slice(0, 3).join(' | '))), e => done(['axe failed: ' + e]));";
        let found = self.driver.execute_async(script, vec![]).await.unwrap();
        found.convert().unwrap()
    }

    /// How far the page can be moved sideways, in CSS pixels.
    pub async fn sideways(&self) -> i64 {
        let script =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
        self.script(script).await.as_i64().unwrap()
    }

    pub async fn screenshot(&self, path: &Path) {
        self.driver.screenshot(path).await.unwrap();
    }

    pub async fn quit(self) {
        self.driver.clone().quit().await.unwrap();
    }
}

/// Below `target`, wherever Cargo builds.
pub fn target() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    while path
        .file_name()
        .is_some_and(|name| name != "debug" && name != "release")
    {
        path.pop();
    }
    path.pop();
    path
}

/// The command of this checkout.
pub fn headstart() -> PathBuf {
    let path = target().join("debug/headstart");
    assert!(
        path.exists(),
        "`{}` is missing: `cargo build -p headstart`",
        path.display()
    );
    path
}

fn axe_path() -> PathBuf {
    target().join("test-tools/node_modules/axe-core/axe.min.js")
}
