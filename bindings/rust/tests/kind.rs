// SPDX-License-Identifier: BSD-2-Clause
//
// Kinds as a program sees them: life, errors, statistics, raw blocks.

use poolkind::{Box, Error, Format, Kind, Vec};
use std::alloc::Layout;
use std::io;

const EINVAL: i32 = 22;
const EBUSY: i32 = 16;
const ENOTSUP: i32 = 95;

#[test]
fn names_and_texts() {
    let kind = Kind::open("dram,limit=8M,name=some").unwrap();
    assert_eq!(kind.name(), "some");
    assert_eq!(kind.to_string(), "dram,limit=8M,name=some");
    assert_eq!(format!("{kind:?}"), "Kind(\"dram,limit=8M,name=some\")");
    assert!(kind.resolved().starts_with("dram"));
    assert_eq!(kind, kind.clone());
    assert_ne!(kind, Kind::open(kind.text()).unwrap());
}

#[test]
fn an_error_has_the_number_and_the_sentence() {
    let error = Kind::open("dram,page=3M").unwrap_err();
    assert_eq!(error.errno(), EINVAL);
    assert!(error.to_string().contains("3M"), "{error}");
    assert!(!error.is_no_room());
    let error: &dyn std::error::Error = &error;
    assert!(error.source().is_none());

    let error = Kind::open("dram\0,limit=1M").unwrap_err();
    assert_eq!(error.errno(), EINVAL);
    assert!(error.to_string().contains("zero byte"));
}

#[test]
fn an_error_becomes_one_of_io() {
    fn open() -> io::Result<Kind> {
        Ok(Kind::open("file:/nowhere,size=8M")?)
    }
    let error = open().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("/nowhere"));
    assert!(error.into_inner().unwrap().is::<Error>());
}

#[test]
fn a_kind_lives_as_long_as_its_last_handle() {
    let kind = Kind::open("dram").unwrap();
    let value = Box::new_in(5, &kind);
    let mut numbers = Vec::new_in(&kind);
    numbers.push(6);
    assert_eq!(kind.clone().close().unwrap_err().errno(), EBUSY);
    let address: *const i32 = &*value;
    assert!(kind.contains(address));
    let other = Kind::open("dram").unwrap();
    assert!(!other.contains(address));
    drop(kind);
    numbers.extend(0..10000);
    assert_eq!((*value, numbers[0], numbers[10000]), (5, 6, 9999));
    assert!(numbers.kind().contains(address));
    drop(value);
    let kind = numbers.kind().clone();
    drop(numbers);
    kind.close().unwrap();
}

#[test]
fn a_kind_that_others_fall_back_to_is_closed_after_them() {
    let count = |name: &str| {
        let any = Kind::open("dram").unwrap();
        let all = Kind::open(format!("dram,fallback={name}"));
        drop(any);
        all.map(|_| ()).map_err(|error| error.errno())
    };
    let first = Kind::open("dram,name=falls-first").unwrap();
    let second = Kind::open("dram,limit=1M,name=falls-second,fallback=falls-first").unwrap();
    let third = Kind::open("dram,limit=1M,name=falls-third,fallback=falls-second").unwrap();
    assert_eq!(first.close().unwrap_err().errno(), EBUSY);
    drop(second);
    let values = Vec::<u8>::with_capacity_in(3 << 20, &third);
    assert!(!third.contains(values.as_ptr()));
    assert_eq!(third.stats().unwrap().spills, 1);
    assert_eq!(count("falls-first"), Ok(()));
    drop((values, third));
    // Nothing is left that has one of these names.
    assert!(count("falls-first").is_err());
    assert!(count("falls-second").is_err());
}

#[test]
fn statistics() {
    let kind = Kind::open("dram,limit=8M,name=counted").unwrap();
    let values = Vec::<u8>::with_capacity_in(1 << 20, &kind);
    let stats = kind.stats().unwrap();
    assert!(stats.live >= 1 << 20 && stats.committed >= stats.live);
    assert!(stats.peak >= stats.committed && stats.active >= stats.live);
    assert_eq!(
        (stats.limit, stats.allocations, stats.frees),
        (8 << 20, 1, 0)
    );
    assert!(Vec::<u8>::try_with_capacity_in(16 << 20, &kind)
        .unwrap_err()
        .is_no_room());
    assert_eq!(kind.stats().unwrap().failures, 1);

    let room = kind.room().unwrap();
    assert!(room.kind <= 7 << 20 && room.available <= room.kind);
    drop(values);
    assert!(kind.room().unwrap().kind > room.kind);

    let json = kind.write_stats(Format::Json).unwrap();
    assert!(json.contains("\"counted\"") && json.trim_end().ends_with('}'));
    let metrics = kind.write_stats(Format::OpenMetrics).unwrap();
    assert!(metrics.contains("# TYPE") && metrics.contains("counted"));
    kind.check().unwrap();
}

#[test]
fn limit_and_trim() {
    let kind = Kind::open("dram").unwrap();
    let mut values = Vec::new_in(&kind);
    values.resize(1 << 20, 1u8);
    kind.set_limit(2 << 20).unwrap();
    assert!(values.try_reserve(4 << 20).is_err());
    kind.set_limit(0).unwrap();
    values.reserve(4 << 20);
    assert!(values.iter().all(|&value| value == 1));
    drop(values);
    kind.trim().unwrap();
    assert_eq!(kind.stats().unwrap().committed, 0);
}

#[test]
fn nodes() {
    let kind = Kind::open("nodes:0").unwrap();
    assert_eq!(kind.nodes().unwrap(), [0]);
    let mut values = Vec::new_in(&kind);
    values.resize(1 << 20, 1u8);
    // move_pages(2) may be refused; then it says nothing of any node.
    if let Ok(bytes) = kind.node_bytes(4) {
        assert_eq!(bytes[1..], [0, 0, 0]);
        assert!(bytes[0] == 0 || bytes[0] >= 1 << 20, "{bytes:?}");
    }
    assert_eq!(kind.node_bytes(0).unwrap_err().errno(), EINVAL);
}

#[test]
fn blocks_have_their_alignment() {
    let kind = Kind::open("dram").unwrap();
    for align in (0..=16).map(|bit| 1 << bit) {
        for size in [0, 1, 7, 8, 9, 100, 5000, 300_000] {
            let layout = Layout::from_size_align(size, align).unwrap();
            let zeroed = kind.allocate_zeroed(layout).unwrap();
            let mut block = kind.allocate(layout).unwrap();
            assert_ne!(zeroed, block);
            unsafe {
                let bytes = std::slice::from_raw_parts(zeroed.as_ptr(), size);
                assert!(bytes.iter().all(|&byte| byte == 0));
                block.as_ptr().write_bytes(7, size);
                let mut now = layout;
                for next in [size + 1, size * 3 + 20, size / 2 + 1, 5] {
                    block = kind.reallocate(block, now, next).unwrap();
                    let kept = size.min(next).min(now.size());
                    now = Layout::from_size_align(next, align).unwrap();
                    assert_eq!(block.as_ptr() as usize % align, 0, "{now:?}");
                    let bytes = std::slice::from_raw_parts(block.as_ptr(), kept.min(5));
                    assert!(bytes.iter().all(|&byte| byte == 7));
                }
                assert_eq!(zeroed.as_ptr() as usize % align, 0);
                kind.deallocate(block, now);
                kind.deallocate(zeroed, layout);
            }
        }
    }
    // Under Valgrind some of what was freed counts as live.
    if std::env::var_os("UNDER_VALGRIND").is_none() {
        let stats = kind.stats().unwrap();
        assert_eq!((stats.live, stats.allocations), (0, stats.frees));
    }
}

#[test]
fn scopes_need_a_malloc_that_has_them() {
    let kind = Kind::open("dram").unwrap();
    let mut called = false;
    match kind.scope(|| {
        called = true;
        std::vec::Vec::<u8>::with_capacity(1000)
    }) {
        Ok(bytes) => {
            assert!(kind.contains(bytes.as_ptr()));
            let after = std::vec::Vec::<u8>::with_capacity(1000);
            assert!(!kind.contains(after.as_ptr()));
            // A panic leaves the scope, too.
            let panics = std::panic::AssertUnwindSafe(|| kind.scope(|| panic!("in a scope")));
            assert!(std::panic::catch_unwind(panics).is_err());
            let after = std::vec::Vec::<u8>::with_capacity(1000);
            assert!(!kind.contains(after.as_ptr()));
            // What is there may outlive the handle.
            assert_eq!(kind.close().unwrap_err().errno(), EBUSY);
            drop(bytes);
            println!("in a scope");
        }
        Err(error) => {
            assert!(!called);
            assert_eq!(error.errno(), ENOTSUP);
        }
    }
}
