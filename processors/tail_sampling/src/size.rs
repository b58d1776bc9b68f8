//! How many bytes the spans of a trace take, as the host cuts them out of a batch: with their
//! resource and scope, once for each batch.

/// The running size of one trace within a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// Finished resources.
    pub(crate) bytes: u64,
    /// Counted from 1; 0: none yet.
    resource: u32,
    scope: u32,
    resource_bytes: u64,
    scope_bytes: u64,
}

impl Size {
    /// Goes on in this resource and scope, counted from 0 over the batch, with so many bytes of
    /// their own; true when the resource is another than before.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        resource: u32,
        resource_header: u64,
        scope: u32,
        scope_header: u64,
    ) -> bool {
        let is_new = self.resource != resource + 1;
        if is_new {
            self.close();
            self.resource = resource + 1;
            self.resource_bytes = resource_header;
        }
        if self.scope != scope + 1 {
            self.close_scope();
            self.scope = scope + 1;
            self.scope_bytes = scope_header;
        }
        is_new
    }

    /// One more span.
    #[inline]
    pub(crate) fn add(&mut self, record: u64) {
        self.scope_bytes += record;
    }

    pub(crate) fn is_in(&self, resource: u32) -> bool {
        self.resource == resource + 1
    }

    /// Finishes the resource.
    pub(crate) fn close(&mut self) {
        self.close_scope();
        if self.resource != 0 {
            self.bytes += delimited(self.resource_bytes);
            (self.resource, self.resource_bytes) = (0, 0);
        }
    }

    fn close_scope(&mut self) {
        if self.scope != 0 {
            self.resource_bytes += delimited(self.scope_bytes);
            (self.scope, self.scope_bytes) = (0, 0);
        }
    }
}

/// With a tag of one byte and the length.
fn delimited(bytes: u64) -> u64 {
    let bits = u64::from(64 - (bytes | 1).leading_zeros());
    1 + bits.div_ceil(7) + bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_that_of_the_encoded_request() {
        let mut size = Size::default();
        assert!(size.enter(0, 10, 0, 5));
        size.add(100);
        assert!(!size.enter(0, 10, 1, 20));
        size.add(200);
        size.close();
        let scopes = (2 + 105) + (1 + 2 + 220);
        assert_eq!(size.bytes, 1 + 2 + 10 + scopes);
        assert!(size.enter(1, 0, 2, 0));
        size.close();
        assert_eq!(size.bytes, 3 + 10 + scopes + 4);
    }
}
