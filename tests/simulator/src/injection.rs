//! Which requests a fault happens to.

/// A fault, and which requests it happens to: by default the next one of any path, once.
#[derive(Clone, Debug)]
pub struct Injection<F> {
    fault: F,
    prefix: String,
    pass: u32,
    times: u32,
}

impl<F> Injection<F> {
    /// Only requests whose path below the base address begins so.
    #[must_use]
    pub fn on(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The `n`th matching request from now, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u32) -> Self {
        self.pass = n.saturating_sub(1);
        self
    }

    /// So many matching requests in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| path.starts_with(&self.prefix))
    }
}

impl<F> From<F> for Injection<F> {
    fn from(fault: F) -> Self {
        Self { fault, prefix: String::new(), pass: 0, times: 1 }
    }
}

/// Gives a provider's faults the beginnings of an [`Injection`].
macro_rules! injectable {
    ($fault:ty) => {
        impl $fault {
            /// Only requests whose path below the base address begins so.
            #[must_use]
            pub fn on(self, prefix: impl Into<String>) -> $crate::Injection<Self> {
                $crate::Injection::from(self).on(prefix)
            }

            /// The `n`th matching request from now, counted from 1.
            #[must_use]
            pub fn nth(self, n: u32) -> $crate::Injection<Self> {
                $crate::Injection::from(self).nth(n)
            }

            /// So many matching requests in a row.
            #[must_use]
            pub fn times(self, times: u32) -> $crate::Injection<Self> {
                $crate::Injection::from(self).times(times)
            }
        }
    };
}
pub(crate) use injectable;

/// Takes the fault due for a request known by any of these paths.
pub(crate) fn due<F: Clone>(injections: &mut Vec<Injection<F>>, paths: &[&str]) -> Option<F> {
    let mut fault = None;
    for injection in injections.iter_mut().filter(|injection| injection.matches(paths)) {
        if injection.pass > 0 {
            injection.pass -= 1;
        } else if injection.times > 0 {
            injection.times -= 1;
            fault = Some(injection.fault.clone());
            break;
        }
    }
    injections.retain(|injection| injection.times > 0);
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        NotFound,
        Unauthorized,
    }

    #[test]
    fn an_injection_waits_for_its_request_and_ends() {
        let mut held = vec![Injection::from(Fault::NotFound).on("/repos/a/b/pulls").nth(2).times(2)];
        let mut ask = |path: &str| due(&mut held, &[path]);
        assert_eq!(ask("/repos/a/b/issues"), None, "another path");
        assert_eq!(ask("/repos/a/b/pulls"), None, "the first one passes");
        assert_eq!(ask("/repos/a/b/pulls?page=2"), Some(Fault::NotFound));
        assert_eq!(ask("/repos/a/b/pulls"), Some(Fault::NotFound));
        assert_eq!(ask("/repos/a/b/pulls"), None, "used up");
    }

    #[test]
    fn injections_take_turns() {
        let mut held = vec![Fault::NotFound.into(), Fault::Unauthorized.into()];
        assert_eq!(due(&mut held, &["/x"]), Some(Fault::NotFound));
        assert_eq!(due(&mut held, &["/x"]), Some(Fault::Unauthorized));
        assert!(held.is_empty());
    }
}
