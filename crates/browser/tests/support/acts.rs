//! What people do on pages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;

use super::Browser;

impl Browser {
    /// Signs in by a link that works once.
    pub async fn sign_in(&self, link: &str) {
        self.goto(link).await;
        self.click("main button").await;
        self.find(".who").await;
    }

    /// The name under which the page shows who is signed in.
    pub async fn who(&self) -> String {
        self.find(".who .name").await.text().await.unwrap()
    }

    /// Presses the button that says this.
    pub async fn press(&self, words: &str) {
        self.choose("button", words).await;
    }

    /// Follows the link that says this.
    pub async fn follow(&self, words: &str) {
        self.choose("a", words).await;
    }

    async fn choose(&self, element: &str, words: &str) {
        let path = format!("//body//{element}[normalize-space(.)='{words}']");
        let found = self
            .driver
            .query(By::XPath(path))
            .wait(Duration::from_secs(20), Duration::from_millis(100))
            .first()
            .await;
        let found = match found {
            Ok(found) => found,
            Err(error) => panic!("`{words}`: {error}; the page says:\n{}", self.text().await),
        };
        found.scroll_into_view().await.unwrap();
        found.click().await.unwrap();
        self.settle().await;
    }

    /// Waits until the page that a click led to is there.
    pub async fn settle(&self) {
        // A form that was sent leads to another page; whoever goes elsewhere before that is overtaken by it.
        tokio::time::sleep(Duration::from_millis(150)).await;
        for _ in 0..100 {
            let state = self.driver.execute("return document.readyState;", vec![]);
            if state.await.is_ok_and(|state| state.json() == "complete") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Signs out, and waits until nobody is signed in.
    pub async fn sign_out(&self) {
        self.press("Sign out").await;
        self.wait_for("Sign in with a passkey").await;
    }

    /// Puts a text into a field at once, as pasting does.
    pub async fn paste(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.scroll_into_view().await.unwrap();
        field.click().await.unwrap();
        self.command("Input.insertText", json!({"text": text}))
            .await;
    }

    /// The value of a property of the first element that is found.
    pub async fn property(&self, css: &str, name: &str) -> String {
        for _ in 0..20 {
            // The page may be left between the two questions.
            if let Ok(value) = self.find(css).await.prop(name).await {
                return value.unwrap_or_default();
            }
        }
        panic!("`{css}` goes away again and again");
    }

    /// Saves what is downloaded from now on in this folder.
    pub async fn save_downloads(&self, folder: &Path) {
        let behavior = json!({"behavior": "allow", "downloadPath": folder});
        self.command("Browser.setDownloadBehavior", behavior).await;
    }

    /// Opens a page in a tab of its own, and answers the tab that was there before.
    pub async fn goto_beside(&self, url: &str) -> WindowHandle {
        let before = self.driver.window().await.unwrap();
        let tab = self.driver.new_tab().await.unwrap();
        self.driver.switch_to_window(tab).await.unwrap();
        self.goto(url).await;
        before
    }

    /// Goes to another tab.
    pub async fn switch_to(&self, tab: &WindowHandle) {
        self.driver.switch_to_window(tab.clone()).await.unwrap();
    }

    /// Closes this tab, and goes to another.
    pub async fn close_for(&self, tab: &WindowHandle) {
        self.driver.close_window().await.unwrap();
        self.switch_to(tab).await;
    }
}

/// The only file of a folder, once it is whole.
pub async fn downloaded(folder: &Path) -> PathBuf {
    for _ in 0..200 {
        let files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        let is_part = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".crdownload") || name.starts_with('.')
        };
        if let [file] = files.as_slice()
            && !is_part(file)
        {
            return file.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing was saved in {}", folder.display());
}
