//! Systems inside a network that lets connections out and none in.
//!
//! An agent runs there, asks its server for calls to connectors, makes them, and sends back what came of them. To the rest of
//! Muster such a system is a connector like any other ([`Agents::connector`]); that its calls are made elsewhere is known
//! here alone. What may happen on the way is what may happen to any connector: a call that got no answer is
//! [`ConnectorError::Unreachable`](muster_connector::ConnectorError), and whether it had its effect is found out by reading.
//!
//! Secrets do not travel: the settings name them, and the agent looks them up where it runs.

mod hub;
mod remote;
mod routes;
mod wire;
mod worker;

pub use hub::Agents;
pub use worker::{Event, Listener, Open, Stopped, Worker};
