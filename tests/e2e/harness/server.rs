//! One loopback server on a thread and a runtime of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

/// Serves until it is dropped. Dropping cuts every connection, as a machine does that loses its power.
pub(crate) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` on a free port.
    pub(crate) fn start(router: Router) -> Self {
        Self::on(Port::reserve(0), router)
    }

    /// Serves `router` on a reserved port. Connections are accepted when this returns.
    pub(crate) fn on(port: Port, router: Router) -> Self {
        let number = port.number;
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(format!("fake on port {number}"))
            .spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
                runtime.block_on(async move {
                    let listener = port.socket.listen(1024).expect("a bound port can be listened on");
                    ready.send(()).expect("the starter waits");
                    let serving = async move { axum::serve(listener, router).await };
                    tokio::select! {
                        _ = serving => {}
                        _ = stopped => {}
                    }
                });
                // Connections are tasks of the runtime; they end with it.
                runtime.shutdown_timeout(Duration::from_secs(2));
            })
            .expect("a thread can be started");
        is_ready.recv_timeout(Duration::from_secs(10)).expect("the server starts within ten seconds");
        Self { port: number, stop: Some(stop), thread: Some(thread) }
    }

    /// The address of a path that begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A port that is taken and refuses connections: bound, not listened on.
pub(crate) struct Port {
    socket: TcpSocket,
    number: u16,
}

impl Port {
    /// Takes a port; 0 means any free one. Waits up to five seconds for a port that was just given back.
    pub(crate) fn reserve(number: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
        let mut last = None;
        for _ in 0..100 {
            let socket = TcpSocket::new_v4().expect("a socket can be made");
            // Connections that were cut linger on the port that the same fake takes again.
            socket.set_reuseaddr(true).expect("a socket takes its options");
            match socket.bind(address) {
                Ok(()) => {
                    let number = socket.local_addr().expect("a bound socket has an address").port();
                    return Self { socket, number };
                }
                Err(error) => last = Some(error),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("port {number} on loopback cannot be taken: {last:?}");
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

/// Ends the connection without a reply, from inside a handler: the client sees a closed socket.
///
/// Unwinds the connection's task past the panic hook; the server and its other connections live on. No lock may be held.
pub(crate) fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the fake hangs up"))
}
