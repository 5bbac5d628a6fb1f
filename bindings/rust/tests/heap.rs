// SPDX-License-Identifier: BSD-2-Clause
//
// A program with its heap in a kind: all that the harness allocates, too.

use poolkind::{Box, Kind, KindAlloc};
use std::collections::HashMap;

#[global_allocator]
static HEAP: KindAlloc = KindAlloc::new("dram,limit=1G,name=heap");

fn is_there<T: ?Sized>(address: *const T) -> bool {
    HEAP.open().unwrap().contains(address)
}

#[test]
fn everything_lies_in_the_kind() {
    let heap = HEAP.open().unwrap();
    assert_eq!(heap.name(), "heap");
    let before = heap.stats().unwrap();
    assert!(before.live > 0 && before.allocations > 0);
    let boxed = std::boxed::Box::new(1);
    assert!(is_there(&*boxed));
    let mut texts = HashMap::new();
    for n in 0..10000 {
        texts.insert(n, n.to_string());
    }
    assert!(texts.values().all(|text| is_there(text.as_ptr())));
    assert!(heap.stats().unwrap().live >= 80_000);
    let zeros = vec![0u64; 100_000];
    assert!(zeros.iter().all(|&zero| zero == 0) && is_there(zeros.as_ptr()));
}

#[test]
fn alignment_is_kept() {
    #[derive(Clone)]
    #[repr(align(1024))]
    struct Aligned(u8);
    let mut values = vec![];
    for n in 0..200 {
        values.push(Aligned(n));
        assert_eq!(values.as_ptr() as usize % 1024, 0);
    }
    values.truncate(1);
    values.shrink_to_fit();
    assert_eq!((values.as_ptr() as usize % 1024, values[0].0), (0, 0));
    let zeroed = unsafe { std::alloc::alloc_zeroed(std::alloc::Layout::new::<Aligned>()) };
    assert_eq!((zeroed as usize % 1024, unsafe { *zeroed }), (0, 0));
    unsafe { std::alloc::dealloc(zeroed, std::alloc::Layout::new::<Aligned>()) };
}

#[test]
fn threads_allocate_and_free() {
    let threads: Vec<_> = (0..4)
        .map(|n| std::thread::spawn(move || (0..1000).map(|m| vec![n; m]).collect::<Vec<_>>()))
        .collect();
    for thread in threads {
        let made = thread.join().unwrap();
        assert!(made.iter().skip(1).all(|one| is_there(one.as_ptr())));
    }
    HEAP.open().unwrap().check().unwrap();
}

#[test]
fn beside_other_kinds() {
    let kind = Kind::open("dram").unwrap();
    let value = Box::new_in(String::from("in the heap"), &kind);
    assert!(kind.contains(&*value) && is_there(value.as_ptr()));
    assert!(HEAP.open().unwrap().close().is_ok()); // a handle, not the kind
    assert!(is_there(String::from("still").as_ptr()));
}
