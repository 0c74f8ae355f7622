//! Who talks to whom: the packets of a capture sorted into conversations.

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use super::file::{File, Packet};
use super::frame::{ACK, Frame, SYN, TCP, Transport};
use super::stream::Side;
use super::{CONVERSATIONS_MAX, CaptureError};

/// A conversation of two ends. The client sent the first packet, unless that was an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) protocol: u8,
    /// Address and port of client and server.
    pub(super) ends: [(IpAddr, u16); 2],
    /// What the client and what the server said.
    pub(super) sides: [Side; 2],
    /// The client's first packet.
    pub(super) first: Option<usize>,
}

/// Protocol, and both ends in order.
type Key = (u8, (IpAddr, u16), (IpAddr, u16));

/// All packets, and the conversations that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Talk {
    pub(super) frames: Vec<Frame>,
    pub(super) conversations: Vec<Conversation>,
    /// For each packet its conversation, and 0 for the client or 1 for the server.
    pub(super) of: Vec<Option<(usize, usize)>>,
}

impl Talk {
    pub(super) fn of(file: &File) -> Talk {
        let frames: Vec<Frame> = file.packets.iter().map(Frame::of).collect();
        let mut talk = Talk {
            frames: Vec::new(),
            conversations: Vec::new(),
            of: Vec::new(),
        };
        let mut open: BTreeMap<Key, usize> = BTreeMap::new();
        for (index, frame) in frames.iter().enumerate() {
            let found = match (&frame.network, &frame.transport) {
                (Some(network), Some(transport)) => {
                    let from = (network.source, transport.source_port);
                    let to = (network.target, transport.target_port);
                    talk.sort(index, transport, from, to, &mut open)
                }
                _ => None,
            };
            talk.of.push(found);
        }
        talk.frames = frames;
        talk
    }

    fn sort(
        &mut self,
        packet: usize,
        transport: &Transport,
        from: (IpAddr, u16),
        to: (IpAddr, u16),
        open: &mut BTreeMap<Key, usize>,
    ) -> Option<(usize, usize)> {
        let key = (transport.protocol, from.min(to), from.max(to));
        let begins = transport.flags & (SYN | ACK) == SYN;
        let known = open.get(&key).copied().filter(|index| {
            // The same pair of ports again is another conversation.
            let initial = self
                .conversations
                .get(*index)
                .and_then(|c| c.sides[0].initial);
            !(begins && initial.is_some_and(|i| i != transport.sequence))
        });
        let index = match known {
            Some(index) => index,
            None if self.conversations.len() >= CONVERSATIONS_MAX => return None,
            None => {
                let answers = transport.flags & (SYN | ACK) == SYN | ACK;
                let guessed = transport.flags & SYN == 0
                    && transport.protocol == TCP
                    && from.1 < 1024
                    && to.1 >= 1024;
                let ends = if answers || guessed {
                    [to, from]
                } else {
                    [from, to]
                };
                self.conversations.push(Conversation {
                    protocol: transport.protocol,
                    ends,
                    sides: [Side::default(), Side::default()],
                    first: None,
                });
                let index = self.conversations.len() - 1;
                open.insert(key, index);
                index
            }
        };
        let conversation = self.conversations.get_mut(index)?;
        let side = usize::from(conversation.ends[0] != from);
        conversation.sides[side].push(packet, transport);
        if side == 0 {
            conversation.first.get_or_insert(packet);
        }
        Some((index, side))
    }

    /// The payload of a packet.
    pub(super) fn payload<'a>(&self, packets: &'a [Packet], index: usize) -> &'a [u8] {
        let transport = self.frames.get(index).and_then(|f| f.transport.as_ref());
        transport
            .zip(packets.get(index))
            .and_then(|(t, p)| p.data.get(t.payload.clone()))
            .unwrap_or_default()
    }
}

/// What one side of a conversation said without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Number of the packet that begins it, from 1.
    pub packet: usize,
    /// Who said it.
    pub sender: SocketAddr,
    /// To whom.
    pub receiver: SocketAddr,
    /// Whether the sender began the conversation.
    pub from_client: bool,
    /// What was said.
    pub bytes: Vec<u8>,
}

/// What was said over TCP and UDP, put together again; conversations in order of their first packet.
///
/// # Errors
/// [`CaptureError`] unless the bytes are a capture within the limits of this module.
pub fn messages(bytes: &[u8]) -> Result<Vec<Message>, CaptureError> {
    let file = File::read(bytes)?;
    Ok(said(&file, &Talk::of(&file)))
}

pub(super) fn said(file: &File, talk: &Talk) -> Vec<Message> {
    let mut out = Vec::new();
    for conversation in &talk.conversations {
        for (side, from_client) in [(0, true), (1, false)] {
            let socket = |end: (IpAddr, u16)| SocketAddr::new(end.0, end.1);
            let runs = conversation.sides[side].runs(|p| talk.payload(&file.packets, p));
            out.extend(
                runs.into_iter()
                    .filter(|r| !r.bytes.is_empty())
                    .map(|run| Message {
                        packet: run.packet + 1,
                        sender: socket(conversation.ends[side]),
                        receiver: socket(conversation.ends[1 - side]),
                        from_client,
                        bytes: run.bytes,
                    }),
            );
        }
    }
    out
}

/// What the clients of a capture sent, as text; bytes that are no UTF-8 are replaced.
///
/// # Errors
/// As [`messages`].
pub fn requests(bytes: &[u8]) -> Result<Vec<String>, CaptureError> {
    let said = messages(bytes)?;
    Ok(said
        .into_iter()
        .filter(|m| m.from_client)
        .map(|m| String::from_utf8_lossy(&m.bytes).into_owned())
        .collect())
}
