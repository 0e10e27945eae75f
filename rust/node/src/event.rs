//! What an operator reads in the log. Events come from a closed list and name
//! ids, heights and codes; never a name, price, quantity or key.

use daicho_types::{Code, Digest, Height, ReplicaId, View};

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For following what happens.
    Info,
    /// Worth a look.
    Warning,
    /// Worth a telephone call.
    Error,
}

impl Level {
    /// As it stands in a log line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// How much it matters.
    pub level: Level,
    /// What happened, from a closed list.
    pub event: &'static str,
    /// The code, where there is one.
    pub code: Option<Code>,
    /// The view concerned.
    pub view: Option<View>,
    /// The height concerned.
    pub height: Option<Height>,
    /// The other node concerned.
    pub peer: Option<ReplicaId>,
    /// The transaction concerned.
    pub tx_id: Option<Digest>,
    /// One line more.
    pub message: String,
}

impl Event {
    /// An event with nothing but its name.
    #[must_use]
    pub fn new(level: Level, event: &'static str) -> Self {
        Self {
            level,
            event,
            code: None,
            view: None,
            height: None,
            peer: None,
            tx_id: None,
            message: String::new(),
        }
    }

    /// With a code.
    #[must_use]
    pub fn code(self, code: Code) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// With a view.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self {
            view: Some(view),
            ..self
        }
    }

    /// With a height.
    #[must_use]
    pub fn height(self, height: Height) -> Self {
        Self {
            height: Some(height),
            ..self
        }
    }

    /// With a peer.
    #[must_use]
    pub fn peer(self, peer: ReplicaId) -> Self {
        Self {
            peer: Some(peer),
            ..self
        }
    }

    /// With more to say.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }
}
