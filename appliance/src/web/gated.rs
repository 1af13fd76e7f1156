//! Puts the gate before the server: a connection that is not let in is closed before it costs a handshake.

use std::sync::Arc;
use std::task::{Context, Poll};

use actix_service::{Service, ServiceFactory};
use actix_web::rt::net::TcpStream;
use futures::future::LocalBoxFuture;

use super::gate::Gate;

/// Makes a gated service for each worker.
pub(super) struct GatedFactory<F> {
    pub gate: Arc<Gate>,
    pub inner: F,
}

/// A service behind the gate.
pub(super) struct Gated<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<F> ServiceFactory<TcpStream> for GatedFactory<F>
where
    F: ServiceFactory<TcpStream, Config = (), Response = ()>,
    F::Future: 'static,
    F::Service: 'static,
    <F::Service as Service<TcpStream>>::Future: 'static,
    F::Error: 'static,
    F::InitError: 'static,
{
    type Response = ();
    type Error = F::Error;
    type Config = ();
    type Service = Gated<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, F::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let (gate, making) = (Arc::clone(&self.gate), self.inner.new_service(()));
        Box::pin(async move { Ok(Gated { gate, inner: making.await? }) })
    }
}

impl<S> Service<TcpStream> for Gated<S>
where
    S: Service<TcpStream, Response = ()>,
    S::Future: 'static,
    S::Error: 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<(), S::Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, socket: TcpStream) -> Self::Future {
        let place = socket.peer_addr().ok().and_then(|peer| self.gate.enter(peer.ip()));
        let Some(place) = place else { return Box::pin(async { Ok(()) }) };
        let served = self.inner.call(socket);
        Box::pin(async move {
            tokio::select! {
                served = served => served,
                () = place.cut() => Ok(()),
            }
        })
    }
}
