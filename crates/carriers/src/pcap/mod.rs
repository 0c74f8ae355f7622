//! Captures of packets: what they hold, and copies of them whose lengths, sequence numbers and checksums are right.
//!
//! Classic pcap (microseconds and nanoseconds, either byte order) and pcapng are read.
//! A master is a pcapng file whose section comment declares the marks; a leak may be either.
//!
//! # Source
//! draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; RFC 791, 8200, 9293, 768, 7323, 2018.

mod conversation;
mod copy;
mod declare;
mod field;
mod file;
mod frame;
mod plan;
mod stream;
mod sum;

pub use conversation::{Message, messages, requests};
pub use declare::declare;
pub(crate) use field::{Head, Kind as FieldKind, heads};
pub(crate) use file::is_capture;
pub(crate) use plan::{CaptureMaster, MESSAGE_END, plan};

/// Most packets of one capture.
pub const PACKETS_MAX: usize = 1 << 20;
/// Longest packet, in bytes, as the stock tools have it.
pub const PACKET_BYTES_MAX: usize = 1 << 18;
/// Most interfaces of one section.
pub const INTERFACES_MAX: usize = 1024;
/// Most conversations of one capture; the packets of further ones are left alone.
pub const CONVERSATIONS_MAX: usize = 1 << 16;
/// Most places where the declared payloads may stand.
pub const OCCURRENCES_MAX: usize = 1 << 16;
/// Conversations whose sequence numbers and timestamps may carry a site each.
pub const FIELD_CONVERSATIONS_MAX: usize = 16;
/// Longest section comment with directives, in bytes.
pub const COMMENT_BYTES_MAX: usize = 60_000;

/// Why a capture cannot be read, or cannot carry what its comment declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// Neither pcap nor pcapng.
    #[error("these bytes are no packet capture")]
    NotACapture,
    /// A header or a block that contradicts itself, or ends too early.
    #[error("the capture is damaged at byte {offset}: {what}")]
    Damaged {
        /// Where the header or block begins.
        offset: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More than [`PACKETS_MAX`].
    #[error("the capture has more than {max} packets")]
    TooManyPackets {
        /// Most allowed.
        max: usize,
    },
    /// More than [`INTERFACES_MAX`].
    #[error("the capture has more than {max} interfaces")]
    TooManyInterfaces {
        /// Most allowed.
        max: usize,
    },
    /// The comment is longer than [`COMMENT_BYTES_MAX`].
    #[error("the section comment has {bytes} bytes, and it may have {max}")]
    CommentTooLong {
        /// Length found.
        bytes: usize,
        /// Longest allowed.
        max: usize,
    },
    /// A line of the comment that begins with `#~` and is no directive.
    #[error("`{line}` is no directive of a capture")]
    Directive {
        /// The line.
        line: String,
    },
    /// A header field that cannot carry a mark.
    #[error("`{field}` is no header field that can be marked")]
    UnknownField {
        /// The word found.
        field: String,
    },
    /// No packet has the field.
    #[error("no packet of this capture can carry `{field}`")]
    NoField {
        /// The field.
        field: &'static str,
    },
    /// Header fields of fragments cannot be changed consistently.
    #[error("packet {packet} is a fragment, so that `{field}` cannot be marked")]
    Fragment {
        /// Number of the packet, from 1.
        packet: usize,
        /// The field.
        field: &'static str,
    },
    /// The declared payload is in no packet.
    #[error("no payload of this capture holds `{text}`")]
    NoPayload {
        /// The payload as declared.
        text: String,
    },
    /// A declared payload without a mark.
    #[error("the payload `{text}` holds no mark")]
    PayloadWithoutMark {
        /// The payload as declared.
        text: String,
    },
    /// More than [`OCCURRENCES_MAX`].
    #[error("the declared payloads stand in more than {max} places")]
    TooManyPlaces {
        /// Most allowed.
        max: usize,
    },
    /// Two declared payloads that share bytes.
    #[error("two declared payloads share bytes in packet {packet}")]
    Overlap {
        /// Number of the packet, from 1.
        packet: usize,
    },
    /// A retransmission that says something else.
    #[error("packet {packet} repeats a marked payload with other bytes")]
    Conflict {
        /// Number of the packet, from 1.
        packet: usize,
    },
    /// The packet was cut short by the capture, and its payload is to change.
    #[error("packet {packet} was cut short when it was captured, and holds a marked payload")]
    Cut {
        /// Number of the packet, from 1.
        packet: usize,
    },
    /// A copy's packet would be longer than the network takes.
    #[error("packet {packet} would have {bytes} bytes in some copy, and the network takes {max}")]
    TooLong {
        /// Number of the packet, from 1.
        packet: usize,
        /// Length with the longest values, from the IP header on.
        bytes: usize,
        /// Longest allowed.
        max: usize,
    },
    /// Directives stand in captures that are no pcapng.
    #[error("a classic pcap has no place for a comment")]
    Classic,
}

impl CaptureError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotACapture => "save the packets as pcapng",
            Self::Damaged { .. } => "write the capture again with `editcap` or Wireshark",
            Self::TooManyPackets { .. } | Self::TooManyInterfaces { .. } => {
                "keep the packets that matter: a filter in Wireshark, or `editcap -r`"
            }
            Self::CommentTooLong { .. } => "keep the directives that a leak would show",
            Self::Directive { .. } => {
                "the directives are `#~ payload text with {~marks~}` and `#~ header isn tsval ip-id port mac`"
            }
            Self::UnknownField { .. } => "the fields are isn, tsval, ip-id, port and mac",
            Self::NoField { .. } => "leave the field out, or capture the connection from its first packet",
            Self::Fragment { .. } => "leave the field out, or remove the fragments",
            Self::NoPayload { .. } => "write the bytes as the packets have them; `\\r\\n` stands for a line break",
            Self::PayloadWithoutMark { .. } => "mark what differs between copies: `{~#nonce hex 8:c41d9e7a~}`",
            Self::TooManyPlaces { .. } => "declare a longer payload, with the text around the value",
            Self::Overlap { .. } => "declare both marks in one payload",
            Self::Conflict { .. } => "remove the retransmission",
            Self::Cut { .. } => "capture whole packets: `tcpdump -s 0`",
            Self::TooLong { .. } => "use values of one length, or shorter alternatives",
            Self::Classic => "convert it to pcapng first",
        }
        .into()
    }
}
