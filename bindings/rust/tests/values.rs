// SPDX-License-Identifier: BSD-2-Clause
//
// Box and Vec: growth, the order of drops, alignment, values without bytes,
// panics in the middle of things, threads.

use poolkind::{Box, Kind, Vec};
use std::cell::RefCell;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;

fn dram() -> Kind {
    Kind::open("dram").unwrap()
}

/// All that was handed out came back. Under Valgrind some of what was freed
/// counts as live; it finds what leaks by itself.
fn is_empty(kind: &Kind) -> bool {
    let stats = kind.stats().unwrap();
    kind.check().unwrap();
    let is_exact = std::env::var_os("UNDER_VALGRIND").is_none();
    !is_exact || stats.live == 0 && stats.allocations == stats.frees
}

/// Says when it is dropped, and panics then if that is wanted.
struct Told<'a>(u32, &'a RefCell<std::vec::Vec<u32>>, bool);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
        if self.2 {
            panic!("as asked");
        }
    }
}

fn panics(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_vector_does_what_std_s_does() {
    let kind = dram();
    let mut ours = Vec::new_in(&kind);
    let mut theirs = std::vec::Vec::new();
    let mut random = 12345u32;
    for step in 0..4000u32 {
        random = random.wrapping_mul(1664525).wrapping_add(1013904223);
        let at = (random >> 8) as usize % (theirs.len() + 1);
        let text = step.to_string();
        match random >> 28 {
            0..=5 => {
                ours.push(text.clone());
                theirs.push(text);
            }
            6..=8 => {
                ours.insert(at, text.clone());
                theirs.insert(at, text);
            }
            9 => assert_eq!(ours.pop(), theirs.pop()),
            10 if at < theirs.len() => assert_eq!(ours.remove(at), theirs.remove(at)),
            11 if at < theirs.len() => assert_eq!(ours.swap_remove(at), theirs.swap_remove(at)),
            12 if step % 50 == 0 => {
                ours.truncate(at);
                theirs.truncate(at);
                ours.shrink_to_fit();
                assert_eq!(ours.capacity(), ours.len());
            }
            13 => {
                ours.resize(theirs.len() + 3, text.clone());
                theirs.resize(theirs.len() + 3, text);
            }
            14 => {
                ours.extend_from_slice(&theirs[at / 2..at / 2 + at % 2]);
                theirs.extend_from_within(at / 2..at / 2 + at % 2);
            }
            _ => {
                ours.extend([text.clone(), text.clone()]);
                theirs.extend([text.clone(), text]);
            }
        }
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.capacity() >= ours.len());
    }
    assert_eq!(ours[..], theirs[..]);
    let copy = ours.clone();
    assert!(copy == ours && copy.kind() == ours.kind());
    assert_eq!(format!("{copy:?}"), format!("{theirs:?}"));
    assert!(copy.into_iter().rev().eq(theirs.clone().into_iter().rev()));
    assert!((&ours).into_iter().eq(&theirs));
    ours.clear();
    assert!(ours.is_empty() && ours.capacity() > 0);
    drop(ours);
    assert!(is_empty(&kind));
}

#[test]
fn a_vector_grows_to_twice_or_to_what_there_is() {
    let kind = Kind::open("dram,limit=4M").unwrap();
    let mut bytes = Vec::new_in(&kind);
    let mut moves = 0;
    let mut capacity = 0;
    let error = loop {
        match bytes.try_reserve(1) {
            Ok(()) => bytes.push(bytes.len() as u8),
            Err(error) => break error,
        }
        if bytes.capacity() != capacity {
            capacity = bytes.capacity();
            moves += 1;
            if moves > 30 {
                break bytes.try_reserve(8 << 20).unwrap_err();
            }
        }
    };
    assert!(error.is_no_room() && bytes.len() >= 1 << 20);
    assert!(bytes.iter().enumerate().all(|(i, &byte)| byte == i as u8));
    let (len, capacity) = (bytes.len(), bytes.capacity());
    assert!(panics(|| bytes.reserve(8 << 20)));
    assert_eq!((bytes.len(), bytes.capacity()), (len, capacity));
    assert!(bytes.write_all(&[0; 8 << 20]).is_err());
    assert!(panics(|| bytes.reserve(usize::MAX)));
    assert!(Vec::<u64>::try_with_capacity_in(usize::MAX / 8, &kind).is_err());
    assert!(Vec::<u8>::try_with_capacity_in(isize::MAX as usize, &kind).is_err());
    bytes.write_all(&[]).unwrap();

    // Twice does not fit, and what is asked for does, where it lies.
    let kind = Kind::open("dram,limit=5M").unwrap();
    let mut bytes = Vec::<u8>::with_capacity_in(3 << 20, &kind);
    bytes.resize(3 << 20, 1);
    bytes.try_reserve(1).unwrap();
    assert_eq!(bytes.capacity(), (3 << 20) + 1);
}

#[test]
fn values_are_dropped_once_and_in_order() {
    let kind = dram();
    let dropped = RefCell::new(vec![]);
    let told = |n| Told(n, &dropped, false);
    let mut values = Vec::new_in(&kind);
    values.extend((0..8).map(told));
    values.truncate(6);
    assert_eq!(dropped.take(), [6, 7]);
    drop(values.remove(1));
    drop(values.swap_remove(0));
    assert_eq!(dropped.take(), [1, 0]);
    let mut left = values.into_iter(); // 5, 2, 3, 4
    assert_eq!(
        (left.next().unwrap().0, left.next_back().unwrap().0),
        (5, 4)
    );
    assert_eq!(left.len(), 2);
    dropped.take();
    drop(left);
    assert_eq!(dropped.take(), [2, 3]);

    let boxed = Box::new_in(told(9), &kind);
    let inner = Box::into_inner(boxed);
    assert!(dropped.borrow().is_empty() && is_empty(&kind));
    drop(inner);
    let mut slice = Vec::new_in(&kind);
    slice.extend((10..13).map(told));
    drop(slice.into_boxed_slice());
    assert_eq!(dropped.take(), [9, 10, 11, 12]);
    assert!(is_empty(&kind));
}

#[test]
fn a_drop_that_panics_loses_no_memory_and_no_value() {
    let kind = dram();
    let dropped = RefCell::new(vec![]);
    let told = |n| Told(n, &dropped, n == 2);
    let filled = || {
        let mut values = Vec::new_in(&kind);
        values.extend((0..5).map(told));
        values
    };
    assert!(panics(|| drop(filled())));
    assert_eq!(dropped.take(), [0, 1, 2, 3, 4]);
    assert!(panics(|| drop(filled().into_iter())));
    assert_eq!(dropped.take(), [0, 1, 2, 3, 4]);
    assert!(panics(|| drop(filled().into_boxed_slice())));
    assert_eq!(dropped.take(), [0, 1, 2, 3, 4]);
    assert!(panics(|| drop(Box::new_in(told(2), &kind))));
    dropped.take();
    let mut values = filled();
    assert!(panics(|| values.truncate(1)));
    assert_eq!((values.len(), dropped.take()), (1, vec![1, 2, 3, 4]));
    drop(values);
    assert!(is_empty(&kind));
}

#[test]
fn a_clone_that_panics_leaves_what_there_was() {
    thread_local!(static LEFT: RefCell<u32> = RefCell::new(0));
    struct Counted<'a>(Told<'a>);
    impl Clone for Counted<'_> {
        fn clone(&self) -> Self {
            LEFT.with(|left| {
                let now = *left.borrow();
                assert!(now > 0, "no clone is left");
                *left.borrow_mut() = now - 1;
            });
            Counted(Told(self.0 .0 + 100, self.0 .1, false))
        }
    }
    let allow = |clones| LEFT.with(|left| *left.borrow_mut() = clones);
    let kind = dram();
    let dropped = RefCell::new(vec![]);
    let mut values = Vec::new_in(&kind);
    values.extend((0..4).map(|n| Counted(Told(n, &dropped, false))));
    allow(2);
    assert!(panics(|| drop(values.clone())));
    assert_eq!(dropped.take(), [100, 101]);
    allow(2);
    assert!(panics(
        || values.resize(9, Counted(Told(7, &dropped, false)))
    ));
    assert_eq!((values.len(), dropped.take()), (6, vec![7]));
    allow(0);
    let one = Box::new_in(Counted(Told(50, &dropped, false)), &kind);
    assert!(panics(|| drop(one.clone())));
    assert!(dropped.borrow().is_empty());
    drop((one, values));
    assert_eq!(dropped.take(), [50, 0, 1, 2, 3, 107, 107]);
    assert!(is_empty(&kind));
}

#[test]
fn a_value_without_room_is_dropped() {
    let kind = Kind::open("dram,limit=64K").unwrap();
    let dropped = RefCell::new(vec![]);
    let value = (Told(1, &dropped, false), [0u8; 1 << 17]);
    let error = Box::try_new_in(value, &kind).err().unwrap();
    assert!(error.to_string().contains("no room for 131"), "{error}");
    assert_eq!(dropped.take(), [1]);
    assert!(panics(|| drop(Box::new_in([0u8; 1 << 17], &kind))));
    assert!(is_empty(&kind));
}

#[test]
fn values_without_bytes_take_no_memory() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    #[derive(Clone)]
    struct Nothing;
    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    let kind = dram();
    let mut values = Vec::with_capacity_in(10, &kind);
    values.resize(1000, Nothing);
    values.insert(500, Nothing);
    values.shrink_to_fit();
    assert_eq!((values.len(), values.capacity()), (1001, usize::MAX));
    drop(values.pop());
    drop(values.remove(3));
    assert_eq!(DROPPED.swap(0, Relaxed), 2);
    let mut left = values.into_iter();
    drop(left.next());
    assert_eq!(left.len(), 998);
    drop(left);
    drop(Box::new_in(Nothing, &kind));
    drop(Box::into_inner(Box::new_in(Nothing, &kind)));
    assert_eq!(DROPPED.load(Relaxed), 1001);
    let mut units = Vec::new_in(&kind);
    units.extend([(); 9]);
    assert_eq!(units.into_boxed_slice().len(), 9);
    drop(Vec::<String>::new_in(&kind).into_boxed_slice());
    assert_eq!(kind.stats().unwrap().allocations, 0);
}

#[test]
fn alignment_is_kept_as_a_vector_grows() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(256))]
    struct Line(u16);
    #[derive(Clone)]
    #[repr(align(8192))]
    struct Page(u8);
    #[repr(align(4096))]
    struct Empty;
    #[derive(Clone)]
    #[repr(align(16))]
    struct Vector(u64);
    let kind = dram();
    let mut lines = Vec::new_in(&kind);
    for n in 0..3000 {
        lines.push(Line(n));
        assert_eq!(lines.as_ptr() as usize % 256, 0);
    }
    assert!(lines
        .iter()
        .enumerate()
        .all(|(i, line)| *line == Line(i as u16)));
    lines.truncate(3);
    lines.shrink_to_fit();
    assert_eq!(lines[..], [Line(0), Line(1), Line(2)]);
    assert_eq!(lines.as_ptr() as usize % 256, 0);
    let page = Box::new_in(Page(3), &kind);
    assert_eq!((&*page as *const Page as usize % 8192, page.0), (0, 3));
    let empty = Box::new_in(Empty, &kind);
    assert_eq!(&*empty as *const Empty as usize % 4096, 0);
    let vector = Box::new_in(Vector(4), &kind);
    assert_eq!((&*vector as *const Vector as usize % 16, vector.0), (0, 4));
    drop((lines, page.clone(), page, empty, vector));
    assert!(is_empty(&kind));
}

#[test]
fn values_go_to_other_threads() {
    let kind = dram();
    let (send, receive) = mpsc::channel::<Vec<Box<usize>>>();
    let freeing = std::thread::spawn(move || {
        receive
            .into_iter()
            .flatten()
            .map(|value| *value)
            .sum::<usize>()
    });
    let making: std::vec::Vec<_> = (0..3)
        .map(|_| {
            let (kind, send) = (kind.clone(), send.clone());
            std::thread::spawn(move || {
                for _ in 0..50 {
                    let mut values = Vec::new_in(&kind);
                    values.extend((0..100).map(|n| Box::new_in(n, &kind)));
                    send.send(values).unwrap();
                }
            })
        })
        .collect();
    drop(send);
    making.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(freeing.join().unwrap(), 3 * 50 * 4950);
    assert!(is_empty(&kind));
}

/// Rc may not go to another thread, and nor may what has it; Cell may not be
/// shared.
#[test]
fn what_may_go_to_other_threads() {
    // Ambiguous, and so an error of the compiler, where T is Send or Sync.
    trait IsNotSend<A> {
        fn holds() {}
    }
    impl<T: ?Sized> IsNotSend<()> for T {}
    impl<T: ?Sized + Send> IsNotSend<u8> for T {}
    trait IsNotSync<A> {
        fn holds() {}
    }
    impl<T: ?Sized> IsNotSync<()> for T {}
    impl<T: ?Sized + Sync> IsNotSync<u8> for T {}
    fn both<T: Send + Sync + Unpin>() {}
    both::<Kind>();
    both::<Box<[u8]>>();
    both::<Vec<String>>();
    both::<poolkind::IntoIter<String>>();
    both::<poolkind::KindAlloc>();
    both::<poolkind::Error>();
    <Box<std::rc::Rc<u8>> as IsNotSend<_>>::holds();
    <Vec<std::rc::Rc<u8>> as IsNotSend<_>>::holds();
    <poolkind::IntoIter<std::rc::Rc<u8>> as IsNotSend<_>>::holds();
    <Box<std::cell::Cell<u8>> as IsNotSync<_>>::holds();
    <Vec<std::cell::Cell<u8>> as IsNotSync<_>>::holds();
}

#[test]
fn a_longer_lifetime_will_do_for_a_shorter() {
    fn shorter<'a>(
        values: Vec<&'static str>,
        one: Box<&'static str>,
    ) -> (Vec<&'a str>, Box<&'a str>) {
        (values, one)
    }
    let kind = dram();
    let text = String::from("short");
    let (mut values, one) = shorter(Vec::new_in(&kind), Box::new_in("long", &kind));
    values.push(&text);
    values.push(*one);
    assert_eq!(values[..], ["short", "long"]);
}
