//! `opentelemetry/proto/common/v1/common.proto`.

message! {
    /// A value of any type; see [`Value`].
    AnyValue {}
}

oneof! {
    /// The one value that is set.
    AnyValue value: Value<'a> {
        /// A string.
        1 STRING_VALUE String: string,
        /// A Boolean.
        2 BOOL_VALUE Bool: boolean,
        /// A signed integer.
        3 INT_VALUE Int: int64,
        /// A floating-point number.
        4 DOUBLE_VALUE Double: double,
        /// A list.
        5 ARRAY_VALUE Array: message ArrayValue,
        /// A map.
        6 KVLIST_VALUE KeyValueList: message KeyValueList,
        /// Raw bytes.
        7 BYTES_VALUE Bytes: bytes,
        /// Index of a string in a table that only profiles have.
        8 STRING_VALUE_STRINDEX StringIndex: int32,
    }
}

message! {
    /// A list of values.
    ArrayValue {
        /// The values, in order.
        1 VALUES values: repeated message AnyValue,
    }
}

message! {
    /// A map, as a list of its entries.
    KeyValueList {
        /// The entries. Keys are unique by specification.
        1 VALUES values: repeated message KeyValue,
    }
}

message! {
    /// An attribute, or an entry of a map.
    KeyValue {
        /// The key.
        1 KEY key: string,
        /// The value; absent means empty.
        2 VALUE value: message AnyValue,
        /// Index of the key in a table that only profiles have.
        3 KEY_STRINDEX key_strindex: int32,
    }
}

message! {
    /// Name and version of the library that made the telemetry.
    InstrumentationScope {
        /// The name; empty: unknown.
        1 NAME name: string,
        /// The version; empty: unknown.
        2 VERSION version: string,
        /// Attributes of the scope.
        3 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        4 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
    }
}

message! {
    /// Which attributes of a resource are about one entity (in development).
    EntityRef {
        /// Schema of the entity type; empty: none.
        1 SCHEMA_URL schema_url: string,
        /// The entity's type, `service` or `host`, say.
        2 TYPE r#type: string,
        /// Keys of the resource attributes that identify the entity.
        3 ID_KEYS id_keys: repeated string,
        /// Keys of the resource attributes that describe it.
        4 DESCRIPTION_KEYS description_keys: repeated string,
    }
}
