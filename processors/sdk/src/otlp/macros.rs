//! The one way in which messages are declared: documentation, field number, constant, accessor and
//! protobuf type, as they stand in the .proto files.

/// Declares the view of one message.
macro_rules! message {
    (
        $(#[$meta:meta])*
        $Name:ident {
            $($(#[$field_meta:meta])* $number:literal $CONST:ident $field:ident: $($kind:ident)+,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Name<'a>($crate::wire::Message<'a>);

        impl<'a> From<$crate::wire::Message<'a>> for $Name<'a> {
            #[inline]
            fn from(message: $crate::wire::Message<'a>) -> Self {
                Self(message)
            }
        }

        impl<'a> $crate::otlp::Read<'a> for $Name<'a> {
            #[inline]
            fn read(field: &$crate::wire::Field<'a>) -> Result<Self, $crate::wire::Error> {
                field.message().map(Self)
            }
        }

        impl<'a> $Name<'a> {
            /// The message beneath: its fields in wire order, its place in the batch.
            #[inline]
            #[must_use]
            pub fn wire(&self) -> $crate::wire::Message<'a> {
                self.0
            }

            $(
                #[doc = concat!("Number of the field `", stringify!($field), "`.")]
                pub const $CONST: u32 = $number;
                accessor!($(#[$field_meta])* $CONST $field $($kind)+);
            )*
        }
    };
}

/// Declares one accessor.
macro_rules! accessor {
    ($(#[$meta:meta])* $CONST:ident $field:ident repeated string) => {
        $(#[$meta])*
        #[inline]
        #[must_use]
        pub fn $field(&self) -> $crate::otlp::Repeated<'a, $crate::wire::Text<'a>> {
            $crate::otlp::Repeated::new(self.0, Self::$CONST)
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident repeated message $Type:ident) => {
        $(#[$meta])*
        #[inline]
        #[must_use]
        pub fn $field(&self) -> $crate::otlp::Repeated<'a, $Type<'a>> {
            $crate::otlp::Repeated::new(self.0, Self::$CONST)
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident repeated $kind:ident) => {
        $(#[$meta])*
        #[inline]
        #[must_use]
        pub fn $field(&self) -> $crate::otlp::Numbers<'a, rust_type!('a $kind)> {
            $crate::otlp::Numbers::new(self.0, Self::$CONST, $crate::otlp::scalar::number::$kind)
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident message $Type:ident) => {
        $(#[$meta])*
        #[inline]
        pub fn $field(&self) -> Result<Option<$Type<'a>>, $crate::wire::Error> {
            $crate::otlp::scalar::once(self.0, Self::$CONST).map(|found| found.map($Type::from))
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident enumeration $Type:ident) => {
        $(#[$meta])*
        #[inline]
        pub fn $field(&self) -> Result<$Type, $crate::wire::Error> {
            $crate::otlp::scalar::last(self.0, Self::$CONST, $crate::otlp::scalar::int32)
                .map(|found| $Type(found.unwrap_or_default()))
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident optional $kind:ident) => {
        $(#[$meta])*
        #[inline]
        pub fn $field(&self) -> Result<Option<rust_type!('a $kind)>, $crate::wire::Error> {
            $crate::otlp::scalar::last(self.0, Self::$CONST, $crate::otlp::scalar::$kind)
        }
    };
    ($(#[$meta:meta])* $CONST:ident $field:ident $kind:ident) => {
        $(#[$meta])*
        #[inline]
        pub fn $field(&self) -> Result<rust_type!('a $kind), $crate::wire::Error> {
            $crate::otlp::scalar::last(self.0, Self::$CONST, $crate::otlp::scalar::$kind)
                .map(Option::unwrap_or_default)
        }
    };
}

/// Declares a oneof of a message: an enum of its members and the accessor.
macro_rules! oneof {
    (
        $(#[$meta:meta])*
        $Message:ident $field:ident: $Enum:ident $(<$a:lifetime>)? {
            $($(#[$member_meta:meta])* $number:literal $CONST:ident $Member:ident: $($kind:ident)+,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum $Enum $(<$a>)? {
            $($(#[$member_meta])* $Member(rust_type!('a $($kind)+)),)*
        }

        impl<'a> $Message<'a> {
            $(
                #[doc = concat!("Number of the member `", stringify!($Member), "`.")]
                pub const $CONST: u32 = $number;
            )*

            $(#[$meta])*
            ///
            /// None when no member is there.
            #[inline]
            pub fn $field(&self) -> Result<Option<$Enum $(<$a>)?>, $crate::wire::Error> {
                let mut found = None;
                let mut holds_message = false;
                for field in self.0.fields() {
                    let field = field?;
                    let (member, is_message) = match field.number() {
                        $(Self::$CONST => {
                            let member = $Enum::$Member(read_member!(field $($kind)+));
                            (member, is_message!($($kind)+))
                        })*
                        _ => continue,
                    };
                    if holds_message {
                        return Err($crate::otlp::scalar::repeated(&field));
                    }
                    holds_message = is_message;
                    found = Some(member);
                }
                Ok(found)
            }
        }
    };
}

/// Whether a member is a message. One that another member follows is refused: it would go unread,
/// and if it is the same member again, protobuf would merge the two.
macro_rules! is_message {
    (message $Type:ident) => {
        true
    };
    ($kind:ident) => {
        false
    };
}

macro_rules! read_member {
    ($field:ident message $Type:ident) => {
        $Type::from($field.message()?)
    };
    ($field:ident $kind:ident) => {
        $crate::otlp::scalar::$kind(&$field)?
    };
}

/// The Rust type of a protobuf type.
macro_rules! rust_type {
    ($a:lifetime message $Type:ident) => { $Type<$a> };
    ($a:lifetime bytes) => { &$a [u8] };
    ($a:lifetime string) => { $crate::wire::Text<$a> };
    ($a:lifetime boolean) => { bool };
    ($a:lifetime int32) => { i32 };
    ($a:lifetime sint32) => { i32 };
    ($a:lifetime int64) => { i64 };
    ($a:lifetime sfixed64) => { i64 };
    ($a:lifetime uint32) => { u32 };
    ($a:lifetime fixed32) => { u32 };
    ($a:lifetime uint64) => { u64 };
    ($a:lifetime fixed64) => { u64 };
    ($a:lifetime double) => { f64 };
}

/// Declares an enum. Numbers without a name are possible: senders may be newer.
macro_rules! enumeration {
    (
        $(#[$meta:meta])*
        $Name:ident { $($(#[$value_meta:meta])* $value:literal $CONST:ident,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(pub i32);

        impl $Name {
            $($(#[$value_meta])* pub const $CONST: Self = Self($value);)*
        }
    };
}
