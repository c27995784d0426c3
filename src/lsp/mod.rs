//! `seamlint lsp`: a server that speaks the Language Server Protocol over standard input and output.
//!
//! The whole project is the model, so what is scanned is what is saved: when a folder is opened and
//! whenever a file of it is saved or changes on disk. The scans run in [`worker`]; this module answers
//! the editor and keeps what it was told.

mod actions;
mod diagnostics;
mod folder;
mod text;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, select};
use gen_lsp_types::{
    ClientCapabilities, Code, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionRequest,
    CodeActionResponse, Diagnostic, DidChangeTextDocumentNotification, DidChangeTextDocumentParams,
    DidChangeWatchedFilesNotification, DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions,
    DidChangeWorkspaceFoldersNotification, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentNotification,
    DidCloseTextDocumentParams, DidOpenTextDocumentNotification, DidOpenTextDocumentParams,
    DidSaveTextDocumentNotification, DidSaveTextDocumentParams, ExecuteCommandOptions, ExecuteCommandParams,
    ExecuteCommandRequest, FileSystemWatcher, Hover, HoverParams, HoverRequest, InitializeParams,
    InitializeResult, InitializedNotification, MarkupContent, MarkupKind, MessageType, Notification as _,
    PublishDiagnosticsNotification, PublishDiagnosticsParams, Registration, RegistrationParams,
    RegistrationRequest, Request as _, Save, SaveOptions, ServerCapabilities, ServerInfo, ShowDocumentParams,
    ShowDocumentRequest, ShowMessageNotification, ShowMessageParams, ShutdownRequest,
    TextDocumentContentChangeEvent, TextDocumentSyncKind, TextDocumentSyncOptions, Uri, WorkspaceFolder,
    WorkspaceFolders, WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::discover::{project_around, read_text};
use crate::report::source_map::FileText;
use crate::rules::explain;
use crate::rules::rule::RuleSet;
use diagnostics::View;
use folder::{Folder, path_of, uri_of};
use worker::{ByFile, Scanned};

/// What the diagnostics are signed with.
const SOURCE: &str = "seamlint";

/// Files whose change on disk may change the findings.
const WATCHED: [&str; 2] = [
    "**/*.{cls,trigger,page,component,js,html,cmp,xml,md,object,yml,yaml}",
    "**/{sfdx-project.json,.forceignore,.gitignore,.seamlint-baseline}",
];

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client asked for it: `shutdown`, then `exit`.
    Shutdown,
    /// The client went away.
    Abrupt,
}

/// Serves one client over standard input and output until it goes.
///
/// # Errors
/// What was not the protocol.
pub fn serve() -> Result<End, String> {
    let (connection, threads) = Connection::stdio();
    let end = session(&connection);
    // The writer ends when nobody can send any more.
    drop(connection);
    let written = threads.join().map_err(|error| error.to_string());
    end.and_then(|end| written.map(|()| end))
}

fn session(connection: &Connection) -> Result<End, String> {
    let Ok((id, params)) = connection.initialize_start() else { return Ok(End::Abrupt) };
    let params: InitializeParams = match serde_json::from_value(params) {
        Ok(params) => params,
        Err(error) => {
            let message = format!("the parameters of `initialize` are not valid: {error}");
            let answer = Response::new_err(id, ErrorCode::InvalidParams as i32, message.clone());
            let _ = connection.sender.send(answer.into());
            return Err(message);
        }
    };
    let view = View::of(&params.capabilities);
    let result = InitializeResult {
        capabilities: capabilities(view),
        server_info: Some(ServerInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    let answer = serde_json::to_value(result).map_err(|error| error.to_string())?;
    let _ = connection.sender.send(Response::new_ok(id, answer).into());

    let (ask, results) = worker::start(view)?;
    let mut server = Server {
        out: connection.sender.clone(),
        ask,
        client: params.capabilities,
        folders: BTreeMap::new(),
        documents: BTreeMap::new(),
        next_request: 0,
        shutting_down: false,
    };
    // Older clients have nothing but one root.
    #[allow(deprecated)]
    let root = params.root_uri;
    for folder in workspace(params.workspace_folders_initialize_params.workspace_folders, root) {
        server.add_folder(folder, true);
    }
    server.run(&connection.receiver, &results)
}

/// The folders that the client opens.
fn workspace(folders: Option<WorkspaceFolders>, root: Option<Uri>) -> Vec<PathBuf> {
    match folders {
        Some(WorkspaceFolders::WorkspaceFolderList(list)) if !list.is_empty() => {
            list.iter().filter_map(|folder| path_of(&folder.uri)).collect()
        }
        _ => root.iter().filter_map(path_of).collect(),
    }
}

fn capabilities(view: View) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(view.encoding.kind()),
        text_document_sync: Some(
            TextDocumentSyncOptions {
                open_close: Some(true),
                // Only for where an action's comment goes; nothing but what is saved is analysed.
                change: Some(TextDocumentSyncKind::Full),
                save: Some(Save::SaveOptions(SaveOptions { include_text: Some(false) })),
                ..Default::default()
            }
            .into(),
        ),
        hover_provider: Some(true.into()),
        code_action_provider: Some(
            CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
                ..Default::default()
            }
            .into(),
        ),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![actions::OPEN_DOCUMENTATION.to_owned()],
            ..Default::default()
        }),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(true.into()),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

struct Server {
    out: Sender<Message>,
    ask: Sender<Folder>,
    client: ClientCapabilities,
    /// By path.
    folders: BTreeMap<PathBuf, State>,
    /// The open documents, by path.
    documents: BTreeMap<PathBuf, Document>,
    next_request: i32,
    shutting_down: bool,
}

/// What is known of a folder.
struct State {
    folder: Folder,
    /// Whether the client named it; otherwise it is the project around a document, while that is open.
    workspace: bool,
    rules: Option<Arc<RuleSet>>,
    found: ByFile,
    /// What is wrong with the configuration; the findings of the last good scan stay beside it.
    mistakes: ByFile,
    /// The last failure that was shown: it is told once, not at every save.
    told: Option<String>,
}

struct Document {
    /// As the client spells it.
    uri: Uri,
    text: Arc<FileText>,
    /// The text that was saved last, which is what the findings are about.
    saved: Arc<FileText>,
}

impl Document {
    /// Whether what was found in a line may be shown there: it has not been edited since.
    fn still_has(&self, line: u32) -> bool {
        let line = line as usize;
        self.text.line(line) == self.saved.line(line)
    }
}

impl Server {
    fn run(&mut self, client: &Receiver<Message>, results: &Receiver<Scanned>) -> Result<End, String> {
        loop {
            select! {
                recv(client) -> message => match message {
                    Ok(Message::Notification(notification)) if notification.method == "exit" => {
                        return Ok(if self.shutting_down { End::Shutdown } else { End::Abrupt });
                    }
                    Ok(Message::Notification(notification)) => self.notified(notification),
                    Ok(Message::Request(request)) => {
                        let answer = self.answer(request);
                        self.send(answer);
                    }
                    // To the registration and to `window/showDocument`: nothing hangs on them.
                    Ok(Message::Response(_)) => {}
                    Err(_) => return Ok(End::Abrupt),
                },
                recv(results) -> result => match result {
                    Ok(result) => self.scanned(result),
                    Err(_) => return Err("the thread that scans is gone".to_owned()),
                },
            }
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        if self.shutting_down {
            return Response::new_err(
                id,
                ErrorCode::InvalidRequest as i32,
                "the server is shutting down".to_owned(),
            );
        }
        let is = |known: gen_lsp_types::LspRequestMethod| method == known.as_str();
        if is(ShutdownRequest::METHOD) {
            self.shutting_down = true;
            return Response::new_ok(id, Value::Null);
        }
        if is(HoverRequest::METHOD) {
            return respond(id, params, |params| self.hover(&params));
        }
        if is(CodeActionRequest::METHOD) {
            return respond(id, params, |params| self.code_actions(&params));
        }
        if is(ExecuteCommandRequest::METHOD) {
            return respond(id, params, |params| self.execute(&params));
        }
        Response::new_err(id, ErrorCode::MethodNotFound as i32, format!("`{method}` is not supported"))
    }

    fn notified(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let is = |known: gen_lsp_types::LspNotificationMethod| method == known.as_str();
        if self.shutting_down {
        } else if is(InitializedNotification::METHOD) {
            self.initialized();
        } else if is(DidOpenTextDocumentNotification::METHOD) {
            with(&method, params, |params| self.opened(params));
        } else if is(DidChangeTextDocumentNotification::METHOD) {
            with(&method, params, |params| self.changed(params));
        } else if is(DidSaveTextDocumentNotification::METHOD) {
            with(&method, params, |params| self.saved(&params));
        } else if is(DidCloseTextDocumentNotification::METHOD) {
            with(&method, params, |params| self.closed(&params));
        } else if is(DidChangeWatchedFilesNotification::METHOD) {
            with(&method, params, |params: DidChangeWatchedFilesParams| {
                let paths: Vec<_> = params.changes.iter().filter_map(|event| path_of(&event.uri)).collect();
                self.rescan(&paths);
            });
        } else if is(DidChangeWorkspaceFoldersNotification::METHOD) {
            with(&method, params, |params| self.folders_changed(&params));
        }
    }

    fn initialized(&mut self) {
        let workspace = self.client.workspace.as_ref();
        let watching = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        if watching.and_then(|watching| watching.dynamic_registration) != Some(true) {
            return;
        }
        let watchers = WATCHED
            .iter()
            .map(|glob| FileSystemWatcher { glob_pattern: (*glob).to_owned().into(), kind: None })
            .collect();
        let options = DidChangeWatchedFilesRegistrationOptions { watchers };
        self.request::<RegistrationRequest>(&RegistrationParams {
            registrations: vec![Registration {
                id: "seamlint-files".to_owned(),
                method: DidChangeWatchedFilesNotification::METHOD.as_str().to_owned(),
                register_options: serde_json::to_value(options).ok(),
            }],
        });
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = path_of(&document.uri) else { return };
        let text = Arc::new(FileText::new(document.text));
        self.documents.insert(path.clone(), Document { uri: document.uri, saved: text.clone(), text });
        match self.folder_of(&path) {
            // Under the name that the client has just given it.
            Some(_) => self.publish(&path),
            None => {
                let around = path.parent().map_or_else(|| path.clone(), project_around);
                self.add_folder(around, false);
            }
        }
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let Some(path) = path_of(&params.text_document.text_document_identifier.uri) else { return };
        let Some(document) = self.documents.get_mut(&path) else { return };
        // Texts are sent whole, as was asked for.
        if let Some(TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole)) =
            params.content_changes.into_iter().last()
        {
            document.text = Arc::new(FileText::new(whole.text));
        }
    }

    fn saved(&mut self, params: &DidSaveTextDocumentParams) {
        let Some(path) = path_of(&params.text_document.uri) else { return };
        if let Some(document) = self.documents.get_mut(&path) {
            document.saved = document.text.clone();
        }
        self.rescan(&[path]);
    }

    fn closed(&mut self, params: &DidCloseTextDocumentParams) {
        let Some(path) = path_of(&params.text_document.uri) else { return };
        self.documents.remove(&path);
        let Some(folder) = self.folder_of(&path).filter(|state| !state.workspace) else { return };
        let root = folder.folder.path.clone();
        if !self.documents.keys().any(|open| open.starts_with(&root)) {
            self.remove_folder(&root);
        }
    }

    fn folders_changed(&mut self, params: &DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[WorkspaceFolder]| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| path_of(&folder.uri)).collect()
        };
        for path in paths(&params.event.removed) {
            self.remove_folder(&path);
        }
        for path in paths(&params.event.added) {
            self.add_folder(path, true);
        }
    }

    fn add_folder(&mut self, path: PathBuf, workspace: bool) {
        let folder = Folder::new(path.clone());
        let _ = self.ask.send(folder.clone());
        let state = self.folders.entry(path).or_insert(State {
            folder,
            workspace,
            rules: None,
            found: ByFile::new(),
            mistakes: ByFile::new(),
            told: None,
        });
        state.workspace |= workspace;
    }

    fn remove_folder(&mut self, path: &Path) {
        if let Some(state) = self.folders.remove(path) {
            for file in state.found.keys().chain(state.mistakes.keys()) {
                self.publish(file);
            }
        }
    }

    /// Scans the folders that hold the paths.
    fn rescan(&self, paths: &[PathBuf]) {
        let mut folders: Vec<_> = paths.iter().filter_map(|path| self.folder_of(path)).collect();
        folders.sort_by(|a, b| a.folder.path.cmp(&b.folder.path));
        folders.dedup_by(|a, b| a.folder == b.folder);
        for state in folders {
            let _ = self.ask.send(state.folder.clone());
        }
    }

    /// The innermost folder around a path.
    fn folder_of(&self, path: &Path) -> Option<&State> {
        path.ancestors().find_map(|ancestor| self.folders.get(ancestor))
    }

    fn scanned(&mut self, result: Scanned) {
        // Closed meanwhile?
        let Some(state) = self.folders.get_mut(&result.folder.path) else { return };
        let (found, mistakes, told) = match result.outcome {
            Ok(scan) => {
                state.rules = Some(scan.rules);
                (Some(scan.diagnostics), ByFile::new(), None)
            }
            Err(failed) => (None, failed.diagnostics, Some(failed.message)),
        };
        let news = told.clone().filter(|_| told != state.told);
        state.told = told;
        let mut touched = changed_files(&state.mistakes, &mistakes);
        state.mistakes = mistakes;
        if let Some(found) = found {
            touched.extend(changed_files(&state.found, &found));
            state.found = found;
        }
        touched.sort();
        touched.dedup();
        for file in touched {
            self.publish(&file);
        }
        if let Some(message) = news {
            self.show(MessageType::Error, format!("seamlint: {message}"));
        }
    }

    /// Sends what is known of a file; nothing known clears it.
    fn publish(&self, file: &Path) {
        let diagnostics: Vec<Diagnostic> = match self.folder_of(file) {
            Some(state) => [&state.mistakes, &state.found]
                .into_iter()
                .filter_map(|files| files.get(file))
                .flatten()
                .cloned()
                .collect(),
            None => Vec::new(),
        };
        let uri = match self.documents.get(file) {
            Some(document) => Some(document.uri.clone()),
            None => uri_of(file),
        };
        if let Some(uri) = uri {
            self.notify::<PublishDiagnosticsNotification>(&PublishDiagnosticsParams {
                uri,
                version: None,
                diagnostics,
            });
        }
    }

    fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let at = &params.text_document_position_params;
        let path = path_of(&at.text_document.uri)?;
        let state = self.folder_of(&path)?;
        let rules = state.rules.as_ref()?;
        let document = self.documents.get(&path);
        let mut pages: Vec<String> = Vec::new();
        let mut range = None;
        for diagnostic in state.found.get(&path)? {
            let there = text::touches(diagnostic.range, at.position)
                && document.is_none_or(|document| document.still_has(diagnostic.range.start.line));
            if !there {
                continue;
            }
            let Some(Code::String(id)) = &diagnostic.code else { continue };
            let Some(rule) = rules.rule(id) else { continue };
            let page = format!("### {}\n\n{}", rule.title, explain::help_markdown(rules, rule));
            if !pages.contains(&page) {
                pages.push(page);
            }
            range.get_or_insert(diagnostic.range);
        }
        if pages.is_empty() {
            return None;
        }
        let content = MarkupContent { kind: MarkupKind::Markdown, value: pages.join("\n---\n\n") };
        Some(Hover { contents: content.into(), range })
    }

    fn code_actions(&self, params: &CodeActionParams) -> Vec<CodeActionResponse> {
        let wanted = |only: &Vec<CodeActionKind>| {
            only.iter().any(|kind| matches!(kind, CodeActionKind::Empty | CodeActionKind::QuickFix))
        };
        if !params.context.only.as_ref().is_none_or(wanted) {
            return Vec::new();
        }
        let uri = &params.text_document.uri;
        let Some(path) = path_of(uri) else { return Vec::new() };
        let Some(rules) = self.folder_of(&path).and_then(|state| state.rules.clone()) else {
            return Vec::new();
        };
        let text = match self.documents.get(&path) {
            Some(document) => document.text.clone(),
            None => {
                let Ok(text) = read_text(&path) else { return Vec::new() };
                Arc::new(FileText::new(text))
            }
        };
        let actions = actions::actions(uri, &text, &params.context.diagnostics, &rules);
        actions.into_iter().map(CodeActionResponse::from).collect()
    }

    fn execute(&mut self, params: &ExecuteCommandParams) -> Value {
        let page = params.arguments.as_ref().and_then(|arguments| arguments.first()).and_then(Value::as_str);
        if let (actions::OPEN_DOCUMENTATION, Some(page)) = (params.command.as_str(), page) {
            self.open(page);
        }
        Value::Null
    }

    /// Has the client open a web page; one that cannot is told the address.
    fn open(&mut self, page: &str) {
        let window = self.client.window.as_ref();
        let can = window.and_then(|window| window.show_document.as_ref()).is_some_and(|show| show.support);
        match page.parse::<Uri>() {
            Ok(uri) if can => self.request::<ShowDocumentRequest>(&ShowDocumentParams {
                uri,
                external: Some(true),
                take_focus: Some(true),
                selection: None,
            }),
            _ => self.show(MessageType::Info, page.to_owned()),
        }
    }

    fn show(&self, kind: MessageType, message: String) {
        self.notify::<ShowMessageNotification>(&ShowMessageParams { kind, message });
    }

    fn notify<N: gen_lsp_types::Notification>(&self, params: &N::Params) {
        self.send(Notification::new(N::METHOD.as_str().to_owned(), params));
    }

    fn request<R: gen_lsp_types::Request>(&mut self, params: &R::Params) {
        self.next_request += 1;
        let id = RequestId::from(self.next_request);
        self.send(Request::new(id, R::METHOD.as_str().to_owned(), params));
    }

    /// A client that is gone is noticed where its messages are read.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.out.send(message.into());
    }
}

/// The files whose diagnostics are not the same.
fn changed_files(old: &ByFile, new: &ByFile) -> Vec<PathBuf> {
    old.keys().chain(new.keys()).filter(|file| old.get(*file) != new.get(*file)).cloned().collect()
}

fn respond<P: DeserializeOwned, R: Serialize>(
    id: RequestId,
    params: Value,
    handle: impl FnOnce(P) -> R,
) -> Response {
    match serde_json::from_value(params) {
        Ok(params) => Response::new_ok(id, handle(params)),
        Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
    }
}

fn with<P: DeserializeOwned>(method: &str, params: Value, handle: impl FnOnce(P)) {
    match serde_json::from_value(params) {
        Ok(params) => handle(params),
        Err(error) => eprintln!("seamlint: `{method}` is not valid and was ignored: {error}"),
    }
}
