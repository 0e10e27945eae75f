use super::*;
use std::io::Read;
use std::sync::Arc;

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(60);
const WIDE: QueueBound = QueueBound {
    frames: 1024,
    bytes: 1 << 20,
};

fn queues(lanes: &[usize], outbound: usize) -> FrameQueues {
    let bound = |frames: &usize| QueueBound {
        frames: *frames,
        ..WIDE
    };
    let lanes: Vec<QueueBound> = lanes.iter().map(bound).collect();
    FrameQueues::new(&lanes, bound(&outbound)).unwrap()
}

fn frame(socket: u32, data: &[u8]) -> Frame {
    Frame {
        socket,
        route: vec![7],
        data: data.to_vec(),
        user: Vec::new(),
    }
}

fn push(queues: &FrameQueues, socket: u32, payloads: &[&[u8]]) -> usize {
    queues.push(payloads.iter().map(|data| FrameRef {
        socket,
        route: &[7],
        data,
        user: &[],
    }))
}

/// Reads the wake-up descriptor the way the pump does.
fn woken(queues: &FrameQueues) -> bool {
    let mut count = [0; 8];
    (&queues.wake).read(&mut count).is_ok()
}

#[test]
fn frames_arrive_whole_and_in_order() {
    let queues = queues(&[8], 8);
    assert_eq!(push(&queues, 0, &[b"a", b"", b"ccc"]), 3);
    let got = queues.receive(10, NOW).unwrap();
    assert_eq!(got, [frame(0, b"a"), frame(0, b""), frame(0, b"ccc")]);
    assert_eq!(queues.receive(10, NOW), Ok(vec![]));
}

#[test]
fn a_full_lane_refuses_and_asks_again_when_half_empty() {
    let queues = queues(&[4], 8);
    assert_eq!(push(&queues, 0, &[b"1", b"2", b"3", b"4", b"5", b"6"]), 4);
    assert_eq!(queues.depths().refusals, [1]);
    assert_eq!(queues.receive(1, NOW).unwrap().len(), 1);
    assert!(!woken(&queues), "three of four are still there");
    assert_eq!(queues.receive(1, NOW).unwrap().len(), 1);
    assert!(woken(&queues));
    assert_eq!(queues.receive(1, NOW).unwrap().len(), 1);
    assert!(!woken(&queues), "one signal per refusal");
    assert_eq!(push(&queues, 0, &[b"5", b"6"]), 2);
}

#[test]
fn a_flooded_lane_holds_up_no_other() {
    let queues = queues(&[2, 2], 8);
    assert_eq!(push(&queues, 0, &[b"a", b"b", b"c"]), 2);
    assert_eq!(push(&queues, 1, &[b"x"]), 1);
    let sockets: Vec<u32> = queues
        .receive(10, NOW)
        .unwrap()
        .iter()
        .map(|f| f.socket)
        .collect();
    assert_eq!(sockets, [0, 1, 0], "in turn");
}

#[test]
fn bytes_bound_a_lane_but_never_block_an_empty_one() {
    let small = QueueBound {
        frames: 8,
        bytes: 4,
    };
    let queues = FrameQueues::new(&[small], WIDE).unwrap();
    assert_eq!(push(&queues, 0, &[b"12345", b"6"]), 1);
    assert_eq!(queues.receive(8, NOW).unwrap(), [frame(0, b"12345")]);
    assert_eq!(push(&queues, 0, &[b"12", b"34", b"5"]), 2);
}

#[test]
fn a_full_way_out_gives_the_frame_back() {
    let queues = queues(&[1], 1);
    assert_eq!(queues.send(frame(0, b"a")), Ok(()));
    assert_eq!(
        queues.send(frame(0, b"b")),
        Err(SendError::Full(frame(0, b"b")))
    );
    assert_eq!(
        queues.send_wait(frame(0, b"b"), NOW),
        Err(SendError::Full(frame(0, b"b")))
    );
    assert_eq!(queues.pop(9), [frame(0, b"a")]);
    assert_eq!(queues.send(frame(0, b"b")), Ok(()));
}

#[test]
fn only_the_first_frame_out_wakes_the_pump() {
    let queues = queues(&[1], 4);
    queues.send(frame(0, b"a")).unwrap();
    assert!(woken(&queues));
    queues.send(frame(0, b"b")).unwrap();
    assert!(!woken(&queues));
    assert_eq!(queues.pop(9).len(), 2);
    queues.send(frame(0, b"c")).unwrap();
    assert!(woken(&queues));
}

#[test]
fn close_hands_out_what_was_received_and_takes_no_more() {
    let queues = queues(&[4], 4);
    push(&queues, 0, &[b"a"]);
    queues.send(frame(0, b"out")).unwrap();
    queues.close();
    assert_eq!(push(&queues, 0, &[b"b"]), 0);
    assert_eq!(
        queues.send(frame(0, b"c")),
        Err(SendError::Closed(frame(0, b"c")))
    );
    assert_eq!(queues.receive(4, LONG), Ok(vec![frame(0, b"a")]));
    assert_eq!(queues.receive(4, LONG), Err(Closed));
    assert_eq!(queues.pop(4), [frame(0, b"out")]);
}

/// A waiting step thread wakes for a frame, for a nudge and for the end.
#[test]
fn receive_wakes_for_everything_it_should() {
    let queues = Arc::new(queues(&[4], 1));
    let waiter = |max| {
        let queues = Arc::clone(&queues);
        let run = move || queues.receive(max, LONG);
        std::thread::Builder::new().spawn(run).unwrap()
    };
    let thread = waiter(4);
    push(&queues, 0, &[b"a"]);
    assert_eq!(thread.join().unwrap(), Ok(vec![frame(0, b"a")]));
    let thread = waiter(4);
    queues.nudge();
    assert_eq!(thread.join().unwrap(), Ok(vec![]));
    let thread = waiter(4);
    queues.close();
    assert_eq!(thread.join().unwrap(), Err(Closed));
}

/// Two threads, tiny queues: everything arrives once and in order, by the
/// pump's own rule (keep what was refused, wait for the signal, go on).
#[test]
fn nothing_is_lost_under_pressure() {
    let queues = Arc::new(queues(&[3], 2));
    let total = 10_000_u32;
    let echo = Arc::clone(&queues);
    let run = move || {
        let mut seen = 0;
        while seen < total {
            for got in echo.receive(2, LONG).unwrap() {
                seen += 1;
                echo.send_wait(got, LONG).unwrap();
            }
        }
    };
    let thread = std::thread::Builder::new().spawn(run).unwrap();
    let mut sent = 0;
    let mut back = Vec::new();
    while back.len() < total as usize {
        while sent < total && push(&queues, 0, &[&sent.to_le_bytes()]) == 1 {
            sent += 1;
        }
        back.extend(queues.pop(2));
        std::thread::yield_now();
    }
    thread.join().unwrap();
    let expected: Vec<Frame> = (0..total).map(|n| frame(0, &n.to_le_bytes())).collect();
    assert!(back == expected, "all frames, once, in order");
}
