//! What goes over the wire: the PoC is run, directly, through proxies, and carried over to other tools by hand.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::material::{Sample, captures, demo, leak, own};
use crate::matrix::{Matrix, column, decisive};
use crate::tools;

pub fn matrix(quick: bool) -> Matrix {
    let columns = vec![
        decisive("paste"),
        column("direct"),
        column("nginx"),
        column("haproxy"),
        column("access log"),
        column("curl"),
        column("requests"),
        column("capture"),
        column("tcpdump -w"),
    ];
    let mut matrix = Matrix::new("Traffic", columns);
    let count = if quick { 10 } else { 60 };
    let samples = demo("poc.py", count);
    for name in [
        "share-request.http",
        "share-request.har",
        "share-request.curl",
    ] {
        for sample in own(name, count) {
            let pasted = ("pasted.txt".to_owned(), sample.bytes.clone());
            matrix.read("paste", &sample, None, &leak(&[pasted]));
        }
    }
    for sample in captures(count) {
        let as_it_is = ("a.pcapng".to_owned(), sample.bytes.clone());
        matrix.read("capture", &sample, None, &leak(&[as_it_is]));
        match tools::run("tcpdump", &["-r", "-", "-w", "-"], &sample.bytes) {
            Ok(bytes) => {
                let written = leak(&[("a.pcap".to_owned(), bytes)]);
                matrix.read("tcpdump -w", &sample, None, &written);
            }
            Err(why) => {
                matrix.lacks("tcpdump -w", &why);
                break;
            }
        }
    }
    let (sink, requests) = sink();
    for (name, proxy) in [
        ("direct", None),
        ("nginx", Some(nginx as Proxy)),
        ("haproxy", Some(haproxy as Proxy)),
    ] {
        if let Err(why) = through(&mut matrix, &samples, name, proxy, sink, &requests) {
            matrix.lacks(name, &why);
        }
    }
    for (name, port) in [("curl", by_curl as Port), ("requests", by_requests as Port)] {
        for sample in &samples {
            let made = poc(sample, sink)
                .and_then(|()| received(&requests))
                .and_then(|raw| Request::parse(&raw).ok_or("the PoC sent no request".to_owned()))
                .and_then(|request| port(&request, sink))
                .and_then(|()| received(&requests));
            match made {
                Ok(raw) => read_raw(&mut matrix, name, sample, raw),
                Err(why) => {
                    matrix.lacks(name, &why);
                    break;
                }
            }
        }
    }
    matrix
}

/// Starts a proxy: its folder, its port, and the port behind it.
type Proxy = fn(&Path, u16, u16) -> Result<Child, String>;
type Port = fn(&Request, u16) -> Result<(), String>;

fn read_raw(matrix: &mut Matrix, name: &str, sample: &Sample, raw: Vec<u8>) {
    matrix.read(
        name,
        sample,
        None,
        &leak(&[("request.http".to_owned(), raw)]),
    );
}

/// A server that answers 404 and hands on what it was asked, byte for byte.
fn sink() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let raw = whole_request(&mut stream);
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
            if !raw.is_empty() && send.send(raw).is_err() {
                return;
            }
        }
    });
    (port, receive)
}

fn whole_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut raw = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(request) = Request::parse(&raw)
            && request.body.len() >= request.length
        {
            return raw;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return raw,
            Ok(got) => raw.extend_from_slice(&piece[..got]),
        }
    }
}

fn received(requests: &Receiver<Vec<u8>>) -> Result<Vec<u8>, String> {
    requests
        .recv_timeout(Duration::from_secs(10))
        .map_err(|_| "no request came within ten seconds".to_owned())
}

/// Runs a copy of the PoC against a port of this machine.
fn poc(sample: &Sample, port: u16) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.py");
    std::fs::write(&path, &sample.bytes).unwrap();
    let address = format!("http://127.0.0.1:{port}");
    tools::run("python3", &[&path.display().to_string(), &address], b"").map(drop)
}

fn through(
    matrix: &mut Matrix,
    samples: &[Sample],
    name: &str,
    proxy: Option<Proxy>,
    sink: u16,
    requests: &Receiver<Vec<u8>>,
) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let Some(start) = proxy else {
        for sample in samples {
            poc(sample, sink)?;
            read_raw(matrix, name, sample, received(requests)?);
        }
        return Ok(());
    };
    let port = free_port();
    let mut child = start(folder.path(), port, sink)?;
    let mut work = || {
        answers(port)?;
        let log = folder.path().join("access.log");
        for sample in samples {
            let before = std::fs::read(&log).map_or(0, |bytes| bytes.len());
            poc(sample, port)?;
            read_raw(matrix, name, sample, received(requests)?);
            if name == "nginx" {
                let lines = std::fs::read(&log).map_err(|e| format!("no access log: {e}"))?;
                let fresh = lines.get(before..).unwrap_or_default().to_vec();
                matrix.read(
                    "access log",
                    sample,
                    None,
                    &leak(&[("access.log".to_owned(), fresh)]),
                );
            }
        }
        Ok(())
    };
    let done = work();
    let _ = child.kill();
    let _ = child.wait();
    done
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until a port accepts connections.
fn answers(port: u16) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("the proxy did not start".to_owned())
}

fn spawn(program: &str, arguments: &[&str]) -> Result<Child, String> {
    let path = tools::find(program)
        .ok_or_else(|| format!("{program} is not installed; run `cargo xtask tools`"))?;
    Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))
}

fn nginx(folder: &Path, port: u16, sink: u16) -> Result<Child, String> {
    let at = folder.display();
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
         events {{}}\n\
         http {{ access_log {at}/access.log combined; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;\n\
         fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{sink}; }} }} }}\n"
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, config).unwrap();
    spawn(
        "nginx",
        &["-p", &at.to_string(), "-c", &path.display().to_string()],
    )
}

fn haproxy(folder: &Path, port: u16, sink: u16) -> Result<Child, String> {
    let config = format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n\
         frontend in\n  bind 127.0.0.1:{port}\n  default_backend out\n\
         backend out\n  option forwardfor\n  server sink 127.0.0.1:{sink}\n"
    );
    let path = folder.join("haproxy.cfg");
    std::fs::write(&path, config).unwrap();
    spawn("haproxy", &["-db", "-f", &path.display().to_string()])
}

/// A request as it came.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    length: usize,
    body: Vec<u8>,
}

impl Request {
    fn parse(raw: &[u8]) -> Option<Request> {
        let end = raw.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let length = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        Some(Request {
            method,
            target,
            headers,
            length,
            body: raw[end + 4..].to_vec(),
        })
    }

    /// Headers that whoever carries the request over would write himself.
    fn own_headers(&self) -> impl Iterator<Item = &(String, String)> {
        self.headers.iter().filter(|(name, _)| {
            ![
                "host",
                "content-length",
                "connection",
                "accept-encoding",
                "user-agent",
            ]
            .contains(&name.to_ascii_lowercase().as_str())
        })
    }
}

fn by_curl(request: &Request, port: u16) -> Result<(), String> {
    let url = format!("http://127.0.0.1:{port}{}", request.target);
    let mut arguments = vec![
        "-sS".to_owned(),
        "--globoff".to_owned(),
        "-X".to_owned(),
        request.method.clone(),
    ];
    for (name, value) in request.own_headers() {
        arguments.extend(["-H".to_owned(), format!("{name}: {value}")]);
    }
    arguments.extend(["--data-binary".to_owned(), "@-".to_owned(), url]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tools::run("curl", &arguments, &request.body).map(drop)
}

fn by_requests(request: &Request, port: u16) -> Result<(), String> {
    // Lists of pairs and the body's own text, so that orders stay as they came.
    const SCRIPT: &str = "import json, sys, urllib.parse, requests\n\
        job = json.load(sys.stdin)\n\
        path, _, query = job['target'].partition('?')\n\
        params = urllib.parse.parse_qsl(query, keep_blank_values=True)\n\
        requests.request(job['method'], job['base'] + path, params=params, headers=dict(job['headers']), json=json.loads(job['body']), timeout=10)\n";
    let headers: Vec<[&str; 2]> = request
        .own_headers()
        .map(|(name, value)| [name.as_str(), value.as_str()])
        .collect();
    let job = serde_json::json!({
        "method": request.method, "target": request.target, "base": format!("http://127.0.0.1:{port}"),
        "headers": headers, "body": String::from_utf8_lossy(&request.body),
    });
    tools::run("python3", &["-c", SCRIPT], job.to_string().as_bytes()).map(drop)
}
