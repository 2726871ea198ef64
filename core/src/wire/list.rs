//! A short list of fixed capacity inside a message.

use core::fmt;
use core::ops::Deref;

/// At most `N` values.
#[derive(Clone, Copy)]
pub struct List<T, const N: usize> {
    items: [T; N],
    length: u8,
}

impl<T: Copy + Default, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        const { assert!(N <= u8::MAX as usize) };
        Self { items: [T::default(); N], length: 0 }
    }
}

impl<T: Copy + Default, const N: usize> List<T, N> {
    /// The first `N` of `items`.
    pub fn of(items: &[T]) -> Self {
        items.iter().fold(Self::default(), |mut list, item| {
            list.push(*item);
            list
        })
    }

    /// Adds `item`; says whether there was room.
    pub fn push(&mut self, item: T) -> bool {
        match self.items.get_mut(usize::from(self.length)) {
            Some(index) => {
                *index = item;
                self.length += 1;
                true
            }
            None => false,
        }
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.items.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl<T: PartialEq, const N: usize> PartialEq for List<T, N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq, const N: usize> Eq for List<T, N> {}

impl<T: fmt::Debug, const N: usize> fmt::Debug for List<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_its_capacity_and_no_more() {
        let mut list: List<u32, 2> = List::of(&[1]);
        assert!(list.push(2) && !list.push(3));
        assert_eq!(*list, [1, 2]);
        assert_eq!(List::<u32, 2>::of(&[1, 2, 3]), list);
    }
}
