//! Who is considered alive now: each boot of each sender proves itself before its frames count.
//!
//! A frame with a right tag may be old: recorded before this chip booted, or jammed an hour ago. So a receiver draws a random
//! challenge, asks the sender for it, and takes the sender's frames from the one that echoes it on. A *session* is one boot
//! of one sender: its address, its boot number and the random nonce of that boot. Within a session the counter of the
//! sender's frames rises, so whatever is numbered above the echo was made after it.
//!
//! - With a key every session proves itself at first contact, and again after a silence. Without a key a session is accepted
//!   where its boot number follows that of the session before, and only one that does not has to prove itself.
//! - No boot number is trusted by itself, neither a high one nor a low one: a forged boot does not silence its owner, and a chip
//!   that lost its count is seen again.
//! - Two sessions of one address that both prove themselves in turn are two boards with one number.

use super::dropped::Dropped;
use super::message::{Answer, Prove};
use super::window::{Window, WindowVerdict};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use crate::mix::mix;
use crate::units::Micros;
use core::cmp::Reverse;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Sessions beside those of the peers: for boots that have not proved themselves yet.
const SPARE: u32 = 4;
/// A challenge is drawn again before it is sent, if it is older.
const CHALLENGE_FRESH: Micros = Micros::seconds(5);
/// An echo of an older challenge proves nothing.
const CHALLENGE_VALID: Micros = Micros::seconds(15);
/// How long to wait for an echo before asking again.
const ASK_AGAIN: Micros = Micros::seconds(1);
/// A frame that was overtaken by others this long ago or longer is not taken any more.
const REORDER: Micros = Micros::seconds(2);
/// A peer from which nothing came for so long may lose its slot.
pub const FORGET_AFTER: Micros = Micros::seconds(120);
/// The time of one peer's echo among those of all: all together take a quarter of a link of 1 Mbit/s for a moment.
const SLOT: u64 = 8_000;

const SEEN: u8 = 1;
const PROVEN: u8 = 2;

/// To be asked for an echo.
const ASK: u8 = 1;
/// Waits for an echo.
const OWED: u8 = 2;
/// Another session of this address proved itself later.
const SUPERSEDED: u8 = 4;
/// Another session of this address is alive as well.
const DUPLICATE: u8 = 8;
/// There was another session of this address when it was entered, or has been since.
const SHARED: u8 = 16;

/// Who sends: one boot of one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its address.
    pub address: u16,
    /// Its boot number.
    pub boot: u32,
    /// The random bits of that boot.
    pub nonce: u16,
}

/// One boot of one sender. All zeros: unused. Times in units of 65.5 ms.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Session {
    /// The counters that came.
    counters: Window,
    /// The challenge that it wants to have echoed.
    owed: u64,
    touched: u32,
    asked_at: u32,
    /// When frames were last found too old.
    marked_at: u32,
    boot: u32,
    address: u16,
    nonce: u16,
    state: u8,
    flags: u8,
    /// How many counters came since `marked_at`, at most 64.
    since_mark: u8,
    padding: u8,
}
const _: () = assert!(size_of::<Session>() == 48);

/// What is not about one sender. All zeros is before the first frame.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct State {
    challenge: u64,
    previous: u64,
    /// When the challenge was drawn, in microseconds.
    drawn_at: u64,
    /// When the next proof goes out, in microseconds; 0 is never.
    due: u64,
    /// The longest silence of a sender that is still accepted, in microseconds; 0 is [`FORGET_AFTER`].
    patience: u64,
    draws: u32,
    /// 1 where everyone is to be asked.
    asks_all: u32,
}
const _: () = assert!(size_of::<State>() == 48);

/// What a frame is by its sender's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It was made lately and comes for the first time.
    Fresh,
    /// It is not known when it was made.
    Unproven,
}

/// What a proof did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing that was not known.
    Nothing,
    /// Its sender is accepted from now on.
    Proven,
    /// The same, and another board is alive under the same number.
    Duplicate,
}

/// Where a session is.
enum Slot {
    Of(usize),
    /// Nowhere; `free` is a slot for it, where one is free.
    Missing {
        free: Option<usize>,
    },
}

/// The sessions of all senders. A slot that was taken never becomes free again.
#[derive(Debug)]
pub struct Sessions<'a> {
    all: &'a mut [Session],
    state: &'a mut State,
    me: u16,
    entropy: u64,
}

fn tick(now: Micros) -> u32 {
    (now.get() >> 16) as u32
}

/// Is `at` longer ago than `span`?
fn is_past(at: u32, span: Micros, now: u32) -> bool {
    now.wrapping_sub(at) > tick(span)
}

impl Session {
    fn is_of(&self, sender: Sender) -> bool {
        let Sender { address, boot, nonce } = sender;
        self.state != 0 && (self.address, self.boot, self.nonce) == (address, boot, nonce)
    }

    /// Is `counter` above every one that came, where there is a key?
    fn is_after_all(&self, counter: Option<u64>) -> bool {
        counter.zip(self.counters.highest()).is_none_or(|(counter, highest)| counter > highest)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Takes a counter, once, and only if it was not overtaken long ago.
    fn take(&mut self, counter: u64, now: u32) -> Result<(), Dropped> {
        let elapsed = now.wrapping_sub(self.marked_at);
        if elapsed >= tick(REORDER) {
            // After twice the time without a frame, the newest frame too is older than the limit.
            let kept = if elapsed >= 2 * tick(REORDER) { 0 } else { self.since_mark };
            self.counters.close_from(u32::from(kept));
            (self.marked_at, self.since_mark) = (now, 0);
        }
        match self.counters.verdict(counter) {
            WindowVerdict::New => {}
            WindowVerdict::Seen => return Err(Dropped::Replayed),
            WindowVerdict::Stale => return Err(Dropped::Stale),
        }
        let rise = counter.saturating_sub(self.counters.highest().unwrap_or(0)).min(64) as u8;
        self.since_mark = self.since_mark.saturating_add(rise).min(64);
        self.counters.mark(counter);
        Ok(())
    }
}

impl<'a> Sessions<'a> {
    /// Room for `peers` senders, seen by chip `me`; `entropy` is drawn again at each boot.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, peers: u32, me: u16, entropy: u64) -> Result<Self, NoRoom> {
        let all = arena.slice("sessions", peers.saturating_add(SPARE))?;
        Ok(Self { all, state: arena.one("session state")?, me, entropy })
    }

    /// The longest silence of a sender after which it is still accepted without another proof.
    pub fn set_patience(&mut self, patience: Micros) {
        self.state.patience = patience.get();
    }

    /// Asks everyone for an echo: what a chip with a key says first.
    pub fn ask_all(&mut self, now: Micros) {
        (self.state.asks_all, self.state.due) = (1, now.get().max(1));
    }

    /// Looks at a frame of `sender` whose tag, if there is a key, was right; `counter` is there with a key.
    ///
    /// # Errors
    /// Why the frame is not taken.
    pub fn admit<M: Meter>(
        &mut self,
        sender: Sender,
        counter: Option<u64>,
        now: Micros,
        meter: &mut M,
    ) -> Result<Admission, Dropped> {
        let at = tick(now);
        let (slot, looked_at) = self.find(sender);
        meter.record(Op::Compare, looked_at);
        let index = match slot {
            Slot::Of(index) => index,
            Slot::Missing { free } => self.enter(sender, free, at).ok_or(Dropped::NoPeerSlot)?,
        };
        let patience = Micros(self.patience());
        let session = self.all.get_mut(index).ok_or(Dropped::NoPeerSlot)?;
        if counter.is_some() && session.state == PROVEN && is_past(session.touched, patience, at) {
            (session.state, session.flags) = (SEEN, session.flags & !DUPLICATE);
        }
        if counter.is_none()
            && self.all.get(index).is_some_and(|one| one.state == SEEN)
            && self.follows(index, sender, at)
        {
            self.establish(index, None, at);
        }
        let session = self.all.get_mut(index).ok_or(Dropped::NoPeerSlot)?;
        if session.state != PROVEN {
            if !session.has(ASK) && (session.asked_at == 0 || is_past(session.asked_at, ASK_AGAIN, at)) {
                session.flags |= ASK;
                session.asked_at = at.max(1);
                self.schedule(now);
            }
            return Ok(Admission::Unproven);
        }
        if let Some(counter) = counter {
            session.take(counter, at)?;
        }
        session.touched = at;
        Ok(Admission::Fresh)
    }

    /// Takes what `sender` asks and echoes, in the frame with this counter.
    pub fn take_proof(&mut self, sender: Sender, prove: &Prove, counter: Option<u64>, now: Micros) -> Proof {
        let (Slot::Of(index), _) = self.find(sender) else { return Proof::Nothing };
        let is_asked = prove.all || prove.asked.contains(&self.me);
        let is_answer = |answer: &Answer| answer.chip == self.me && self.is_valid(answer.challenge, now);
        let is_proof = prove.answers.iter().any(is_answer);
        let Some(session) = self.all.get_mut(index) else { return Proof::Nothing };
        if is_asked {
            session.owed = prove.challenge;
            session.flags |= OWED;
            self.schedule(now);
        }
        match self.all.get(index) {
            // A proof that came already may come back while its challenge is valid, after another session of that address.
            Some(session) if is_proof && session.state != PROVEN && session.is_after_all(counter) => {
                self.establish(index, counter, tick(now))
            }
            _ => Proof::Nothing,
        }
    }

    /// What is to be asked and echoed now, if it is time for that.
    pub fn next_proof(&mut self, now: Micros) -> Option<Prove> {
        if self.state.due == 0 || now.get() < self.state.due {
            return None;
        }
        self.state.due = 0;
        let mut prove = Prove { all: core::mem::take(&mut self.state.asks_all) != 0, ..Prove::default() };
        for session in self.all.iter_mut().filter(|session| session.state != 0) {
            if session.has(ASK)
                && (prove.asked.contains(&session.address) || prove.asked.push(session.address))
            {
                session.flags &= !ASK;
            }
            let answer = Answer { chip: session.address, challenge: session.owed };
            if session.has(OWED) && prove.answers.push(answer) {
                session.flags &= !OWED;
            }
        }
        if self.all.iter().any(|session| session.state != 0 && session.has(ASK | OWED)) {
            self.schedule(now);
        }
        if prove.all || !prove.asked.is_empty() {
            prove.challenge = self.fresh_challenge(now);
        }
        (prove.challenge != 0 || !prove.answers.is_empty()).then_some(prove)
    }

    /// When [`Sessions::next_proof`] has something.
    pub fn wake_at(&self) -> Option<Micros> {
        (self.state.due != 0).then_some(Micros(self.state.due))
    }

    /// Are two boards alive under `address`?
    pub fn is_duplicate(&self, address: u16, now: Micros) -> bool {
        let (at, patience) = (tick(now), Micros(self.patience()));
        let is_alive = |session: &&Session| {
            session.address == address
                && session.state == PROVEN
                && session.has(DUPLICATE)
                && !is_past(session.touched, patience, at)
        };
        self.sessions_from_home(address).map(|(_, session)| session).filter(is_alive).count()
            > usize::from(address != self.me)
    }

    /// The sessions from the slot on at which those of `address` are looked for first, up to a free slot: no slot becomes
    /// free again, so none of that address is behind it. Addresses in a row are found at once.
    fn sessions_from_home(&self, address: u16) -> impl Iterator<Item = (usize, &Session)> {
        let home = usize::from(address) % self.all.len().max(1);
        let all = || self.all.iter().enumerate();
        all().skip(home).chain(all().take(home)).take_while(|(_, session)| session.state != 0)
    }

    /// Where the session of `sender` is, and how many slots were looked at.
    fn find(&self, sender: Sender) -> (Slot, u32) {
        let mut looked_at = 0;
        let mut sessions = self.sessions_from_home(sender.address).inspect(|_| looked_at += 1);
        let found = sessions.find(|(_, session)| session.is_of(sender));
        drop(sessions);
        let home = usize::from(sender.address) % self.all.len().max(1);
        let slot = match found {
            Some((index, _)) => Slot::Of(index),
            None if looked_at < self.all.len() => {
                Slot::Missing { free: Some((home + looked_at) % self.all.len()) }
            }
            None => Slot::Missing { free: None },
        };
        (slot, looked_at as u32 + 1)
    }

    /// Enters a session that was never seen: in a free slot, else in that of one which is least missed.
    ///
    /// With the slot goes the memory of which counters came. So where the challenge may be older than the last frame of
    /// that session, it is void from now on: a recorded echo would let the frames after it in again.
    fn enter(&mut self, sender: Sender, free: Option<usize>, at: u32) -> Option<usize> {
        let Sender { address, boot, nonce } = sender;
        let index = free.or_else(|| self.least_missed(at))?;
        let evicted = self.all.get(index)?;
        if evicted.counters.highest().is_some() && !is_past(evicted.touched, CHALLENGE_VALID, at) {
            (self.state.challenge, self.state.previous, self.state.drawn_at) = (0, 0, 0);
        }
        let home = usize::from(address) % self.all.len().max(1);
        let mut flags = 0;
        let (before, from) = self.all.split_at_mut_checked(home)?;
        let sessions = from.iter_mut().chain(before).take_while(|session| session.state != 0);
        for other in sessions.filter(|session| session.address == address) {
            other.flags |= SHARED;
            flags = SHARED;
        }
        let session = Session { address, boot, nonce, state: SEEN, flags, touched: at, ..Session::default() };
        *self.all.get_mut(index)? = session;
        Some(index)
    }

    /// The session that gives way to another, where one does. What proved itself once is remembered for longer than what
    /// never did: anybody with the key can make any number of the latter.
    fn least_missed(&self, at: u32) -> Option<usize> {
        let rank = |session: &Session| match session.state {
            PROVEN if is_past(session.touched, FORGET_AFTER, at) => Some(4),
            PROVEN => None,
            _ if session.counters.highest().is_some() => Some(3),
            _ if session.has(SUPERSEDED) => Some(1),
            _ => Some(2),
        };
        let ranked = self.all.iter().enumerate().filter_map(|(index, session)| {
            rank(session).map(|rank| (rank, Reverse(at.wrapping_sub(session.touched)), index))
        });
        ranked.min().map(|(.., index)| index)
    }

    /// Without a key: may this session be accepted without a proof?
    fn follows(&self, index: usize, sender: Sender, at: u32) -> bool {
        let bars = |other: &Session| {
            other.state == PROVEN
                && other.address == sender.address
                && !other.is_of(sender)
                && sender.boot.wrapping_sub(other.boot).cast_signed() <= 0
                && !is_past(other.touched, FORGET_AFTER, at)
        };
        let barred = |other: &Session| other.is_of(sender) && other.has(SUPERSEDED);
        let mut others = self.sessions_from_home(sender.address).map(|(_, other)| other);
        let is_shared = self.all.get(index).is_some_and(|session| session.has(SHARED));
        sender.address != self.me && !(is_shared && others.any(|other| bars(other) || barred(other)))
    }

    /// Believes a session from now on, and no longer the one before it; says whether both are alive.
    fn establish(&mut self, index: usize, counter: Option<u64>, at: u32) -> Proof {
        let Some(session) = self.all.get_mut(index) else { return Proof::Nothing };
        let was_superseded = session.has(SUPERSEDED);
        session.state = PROVEN;
        session.flags &= !(ASK | SUPERSEDED);
        (session.touched, session.marked_at, session.since_mark) = (at, at, 0);
        if let Some(counter) = counter {
            session.counters = Window::up_to(counter);
        }
        let address = session.address;
        if address == self.me {
            session.flags |= DUPLICATE;
            return Proof::Duplicate;
        }
        if !session.has(SHARED) {
            return Proof::Proven;
        }
        let mut has_rival = false;
        let others = self.all.iter_mut().enumerate().filter(|(other, _)| *other != index);
        for (_, rival) in others.filter(|(_, other)| other.state == PROVEN && other.address == address) {
            has_rival = true;
            if was_superseded {
                rival.flags |= DUPLICATE;
            } else if !rival.has(DUPLICATE) {
                (rival.state, rival.flags) = (SEEN, rival.flags | SUPERSEDED);
            }
        }
        if !(was_superseded && has_rival) {
            return Proof::Proven;
        }
        if let Some(session) = self.all.get_mut(index) {
            session.flags |= DUPLICATE;
        }
        Proof::Duplicate
    }

    fn patience(&self) -> u64 {
        if self.state.patience == 0 { FORGET_AFTER.get() } else { self.state.patience }
    }

    /// Sends a proof soon, at a moment that differs from chip to chip.
    fn schedule(&mut self, now: Micros) {
        if self.state.due == 0 {
            let span = SLOT.saturating_mul(self.all.len() as u64).max(1);
            let index = u64::from(self.me) << 48 ^ now.get();
            self.state.due = now.get().saturating_add(1 + mix(index) % span);
        }
    }

    fn fresh_challenge(&mut self, now: Micros) -> u64 {
        let age = now.get().saturating_sub(self.state.drawn_at);
        if self.state.challenge == 0 || age > CHALLENGE_FRESH.get() {
            self.state.previous = if age <= CHALLENGE_VALID.get() { self.state.challenge } else { 0 };
            self.state.draws = self.state.draws.wrapping_add(1).max(1);
            let draw = u64::from(self.state.draws).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.state.challenge = mix(self.entropy ^ mix(draw)) | 1;
            self.state.drawn_at = now.get();
        }
        self.state.challenge
    }

    /// Is it a challenge of this chip that was drawn lately?
    fn is_valid(&self, challenge: u64, now: Micros) -> bool {
        let age = now.get().saturating_sub(self.state.drawn_at);
        challenge != 0
            && age <= CHALLENGE_VALID.get()
            && (challenge == self.state.challenge || challenge == self.state.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const ME: u16 = 1;

    fn with<R>(peers: u32, run: impl FnOnce(&mut Sessions<'_>) -> R) -> R {
        let mut memory: Vec<u8> = std::vec![0; 48 * (peers as usize + 6) + 16];
        run(&mut Sessions::carve(&mut Arena::new(&mut memory), peers, ME, 77).unwrap())
    }

    fn sender(address: u16, boot: u32, nonce: u16) -> Sender {
        Sender { address, boot, nonce }
    }

    /// Has `sender` echo the challenge of the moment in the frame with this counter.
    fn prove(sessions: &mut Sessions<'_>, sender: Sender, counter: u64, now: Micros) -> Proof {
        let asked = sessions.wake_at().map(|due| due.max(now)).and_then(|due| sessions.next_proof(due));
        let challenge = asked.map_or(0, |asked| asked.challenge);
        let answers = super::super::list::List::of(&[Answer { chip: ME, challenge }]);
        sessions.take_proof(sender, &Prove { answers, ..Prove::default() }, Some(counter), now)
    }

    fn second(second: u64) -> Micros {
        Micros::seconds(second)
    }

    #[test]
    fn a_frame_from_before_the_proof_is_never_taken_and_each_after_it_once() {
        with(2, |sessions| {
            let peer = sender(7, 3, 9);
            let admit = |sessions: &mut Sessions<'_>, counter| {
                sessions.admit(peer, Some(counter), second(1), &mut ())
            };
            assert_eq!(admit(sessions, 5), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, peer, 6, second(1)), Proof::Proven);
            assert_eq!(admit(sessions, 5), Err(Dropped::Replayed));
            assert_eq!(admit(sessions, 6), Err(Dropped::Replayed));
            assert_eq!(admit(sessions, 9), Ok(Admission::Fresh));
            assert_eq!(admit(sessions, 8), Ok(Admission::Fresh));
            assert_eq!(admit(sessions, 8), Err(Dropped::Replayed));
        });
    }

    #[test]
    fn an_echo_of_an_old_challenge_proves_nothing() {
        with(2, |sessions| {
            let peer = sender(7, 3, 9);
            sessions.admit(peer, Some(1), second(1), &mut ()).unwrap();
            let asked = sessions.next_proof(second(3)).unwrap();
            let answers = super::super::list::List::of(&[Answer { chip: ME, challenge: asked.challenge }]);
            let echo = Prove { answers, ..Prove::default() };
            assert_eq!(sessions.take_proof(peer, &echo, Some(2), second(60)), Proof::Nothing);
            assert_eq!(sessions.admit(peer, Some(3), second(60), &mut ()), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, peer, 4, second(62)), Proof::Proven);
        });
    }

    #[test]
    fn a_frame_that_was_jammed_is_too_old_after_seconds_and_a_silence_asks_for_another_proof() {
        with(2, |sessions| {
            sessions.set_patience(second(10));
            let peer = sender(7, 3, 9);
            sessions.admit(peer, Some(1), second(1), &mut ()).unwrap();
            prove(sessions, peer, 1, second(1));
            for count in 2..9 {
                // Number 5 is jammed.
                if count != 5 {
                    sessions.admit(peer, Some(count), second(count), &mut ()).unwrap();
                }
            }
            assert_eq!(sessions.admit(peer, Some(5), second(11), &mut ()), Err(Dropped::Replayed));
            // All after number 8 are jammed: the first of them comes an hour later.
            assert_eq!(sessions.admit(peer, Some(9), second(3_600), &mut ()), Ok(Admission::Unproven));
        });
    }

    #[test]
    fn a_forged_boot_silences_nobody_and_a_lost_count_is_heard() {
        with(2, |sessions| {
            let (real, forged, reset) = (sender(7, 3, 9), sender(7, u32::MAX, 1), sender(7, 1, 2));
            sessions.admit(real, Some(1), second(1), &mut ()).unwrap();
            prove(sessions, real, 1, second(1));
            assert_eq!(sessions.admit(forged, Some(1), second(2), &mut ()), Ok(Admission::Unproven));
            assert_eq!(sessions.admit(real, Some(2), second(3), &mut ()), Ok(Admission::Fresh));
            assert_eq!(sessions.admit(reset, Some(1), second(4), &mut ()), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, reset, 2, second(4)), Proof::Proven);
            assert_eq!(sessions.admit(reset, Some(3), second(4), &mut ()), Ok(Admission::Fresh));
            assert_eq!(sessions.admit(real, Some(3), second(5), &mut ()), Ok(Admission::Unproven));
        });
    }

    #[test]
    fn a_proof_that_comes_back_proves_nothing() {
        with(2, |sessions| {
            let (peer, rival) = (sender(7, 1, 1), sender(7, 2, 2));
            sessions.admit(peer, Some(5), second(1), &mut ()).unwrap();
            assert_eq!(prove(sessions, peer, 6, second(1)), Proof::Proven);
            assert_eq!(sessions.admit(peer, Some(7), second(2), &mut ()), Ok(Admission::Fresh));
            sessions.admit(rival, Some(1), second(2), &mut ()).unwrap();
            assert_eq!(prove(sessions, rival, 2, second(2)), Proof::Proven);
            // The challenge of the peer's proof is still valid.
            assert_eq!(sessions.admit(peer, Some(6), second(3), &mut ()), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, peer, 6, second(3)), Proof::Nothing);
            assert_eq!(sessions.admit(peer, Some(8), second(6), &mut ()), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, peer, 9, second(6)), Proof::Duplicate);
            assert_eq!(sessions.admit(peer, Some(7), second(6), &mut ()), Err(Dropped::Replayed));
            assert_eq!(sessions.admit(peer, Some(10), second(6), &mut ()), Ok(Admission::Fresh));
        });
    }

    #[test]
    fn a_proof_that_comes_back_after_its_session_was_evicted_proves_nothing() {
        with(0, |sessions| {
            let peer = sender(7, 1, 1);
            sessions.set_patience(second(5));
            sessions.admit(peer, Some(5), second(1), &mut ()).unwrap();
            let asked = sessions.next_proof(second(2)).unwrap();
            let answers = super::super::list::List::of(&[Answer { chip: ME, challenge: asked.challenge }]);
            let echo = Prove { answers, ..Prove::default() };
            assert_eq!(sessions.take_proof(peer, &echo, Some(6), second(2)), Proof::Proven);
            assert_eq!(sessions.admit(peer, Some(7), second(2), &mut ()), Ok(Admission::Fresh));
            // It falls silent, and gives way when others take every slot.
            assert_eq!(sessions.admit(peer, Some(8), second(9), &mut ()), Ok(Admission::Unproven));
            for stranger in 20..23 {
                let stranger = sender(stranger, 1, 1);
                sessions.admit(stranger, Some(1), second(9), &mut ()).unwrap();
                assert_eq!(prove(sessions, stranger, 2, second(9)), Proof::Proven);
            }
            sessions.admit(sender(23, 1, 1), Some(1), second(9), &mut ()).unwrap();
            assert!(matches!(sessions.find(peer).0, Slot::Missing { .. }));
            // It is added again, and its proof is not fifteen seconds old.
            assert_eq!(sessions.admit(peer, Some(6), second(10), &mut ()), Ok(Admission::Unproven));
            assert_eq!(sessions.take_proof(peer, &echo, Some(6), second(10)), Proof::Nothing);
        });
    }

    #[test]
    fn invented_boots_do_not_push_out_what_proved_itself_once() {
        with(0, |sessions| {
            let (peer, rival) = (sender(7, 1, 1), sender(7, 2, 2));
            for (board, counter) in [(peer, 5), (rival, 1)] {
                sessions.admit(board, Some(counter), second(1), &mut ()).unwrap();
                assert_eq!(prove(sessions, board, counter + 1, second(1)), Proof::Proven);
            }
            for boot in 100..200 {
                sessions.admit(sender(9, boot, 3), Some(1), second(2), &mut ()).unwrap();
            }
            // The one that was superseded is still known, so both are two boards with one number.
            assert_eq!(sessions.admit(peer, Some(8), second(4), &mut ()), Ok(Admission::Unproven));
            assert_eq!(prove(sessions, peer, 9, second(4)), Proof::Duplicate);
        });
    }

    #[test]
    fn two_boards_with_one_number_are_found_and_both_heard() {
        for key in [true, false] {
            with(2, |sessions| {
                let boards = [sender(7, 1, 1), sender(7, 1, 2)];
                let counter = |count| key.then_some(count);
                let mut found = false;
                for count in 1..20 {
                    for board in boards {
                        let now = second(count);
                        if sessions.admit(board, counter(2 * count), now, &mut ()) == Ok(Admission::Unproven)
                        {
                            let now = now + Micros(400_000);
                            found |= prove(sessions, board, 2 * count + 1, now) == Proof::Duplicate;
                        }
                    }
                }
                assert!(found && sessions.is_duplicate(7, second(20)), "key {key}");
                for board in boards {
                    assert_eq!(sessions.admit(board, counter(90), second(20), &mut ()), Ok(Admission::Fresh));
                }
                assert!(!sessions.is_duplicate(7, second(500)));
            });
        }
    }

    #[test]
    fn lost_peers_give_way_and_unknown_senders_take_no_slot_of_a_peer() {
        with(2, |sessions| {
            let meet = |sessions: &mut Sessions<'_>, address, now| {
                let peer = sender(address, 1, address);
                let admission = sessions.admit(peer, Some(1), now, &mut ());
                admission.map(|_| prove(sessions, peer, 1, now))
            };
            for address in 10..16 {
                assert_eq!(meet(sessions, address, second(1)), Ok(Proof::Proven));
            }
            assert_eq!(meet(sessions, 20, second(2)), Err(Dropped::NoPeerSlot));
            assert_eq!(meet(sessions, 20, second(200)), Ok(Proof::Proven));
        });
        with(2, |sessions| {
            let peer = sender(7, 1, 1);
            sessions.admit(peer, Some(1), second(1), &mut ()).unwrap();
            prove(sessions, peer, 1, second(1));
            for stranger in 100..200 {
                assert_eq!(
                    sessions.admit(sender(stranger, 1, 1), Some(1), second(2), &mut ()),
                    Ok(Admission::Unproven)
                );
            }
            assert_eq!(sessions.admit(peer, Some(2), second(3), &mut ()), Ok(Admission::Fresh));
        });
    }

    /// Slots looked at for a frame, as the meter counts them.
    fn looked_at(sessions: &mut Sessions<'_>, sender: Sender) -> u64 {
        let mut counts = crate::meter::Counts::default();
        sessions.admit(sender, None, second(1), &mut counts).unwrap();
        counts.of(Op::Compare)
    }

    #[test]
    fn a_frame_costs_the_same_however_many_senders_there_are() {
        with(1_000, |sessions| {
            for address in (2..=1_000).rev() {
                looked_at(sessions, sender(address, 1, 1));
            }
            assert!((2..=1_000).all(|address| looked_at(sessions, sender(address, 1, 1)) <= 2));
            // A boot is looked for among the others, and they are found as before.
            looked_at(sessions, sender(500, 2, 2));
            assert_eq!(sessions.admit(sender(500, 2, 2), None, second(2), &mut ()), Ok(Admission::Fresh));
            assert_eq!(sessions.admit(sender(500, 1, 1), None, second(2), &mut ()), Ok(Admission::Unproven));
        });
    }

    #[test]
    fn addresses_that_share_a_slot_are_distinguished_and_found_past_the_end_of_the_table() {
        with(4, |sessions| {
            // Eight slots: all of these are looked for first in the last.
            let senders = [7, 15, 23, 31].map(|address| sender(address, 1, address));
            for sender in senders {
                assert_eq!(sessions.admit(sender, None, second(1), &mut ()), Ok(Admission::Fresh));
            }
            assert!(senders.iter().all(|sender| matches!(sessions.find(*sender).0, Slot::Of(_))));
            let again = sender(15, 2, 9);
            assert_eq!(sessions.admit(again, None, second(2), &mut ()), Ok(Admission::Fresh));
            assert_eq!(sessions.admit(senders[1], None, second(2), &mut ()), Ok(Admission::Unproven));
            assert_eq!(sessions.admit(senders[2], None, second(2), &mut ()), Ok(Admission::Fresh));
        });
    }
}
