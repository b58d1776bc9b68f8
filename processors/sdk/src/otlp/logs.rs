//! `opentelemetry/proto/logs/v1/logs.proto` and `collector/logs/v1/logs_service.proto`.

use super::common::{AnyValue, InstrumentationScope, KeyValue};
use super::resource::Resource;

message! {
    /// A batch of log records.
    ExportLogsServiceRequest {
        /// The log records by resource. A resource may be there more than once.
        1 RESOURCE_LOGS resource_logs: repeated message ResourceLogs,
    }
}

message! {
    /// The log records of one resource.
    ResourceLogs {
        /// Absent: unknown.
        1 RESOURCE resource: message Resource,
        /// The log records by scope.
        2 SCOPE_LOGS scope_logs: repeated message ScopeLogs,
        /// Schema of the resource.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// The log records of one scope.
    ScopeLogs {
        /// Absent: unknown.
        1 SCOPE scope: message InstrumentationScope,
        /// The log records.
        2 LOG_RECORDS log_records: repeated message LogRecord,
        /// Schema of the log records.
        3 SCHEMA_URL schema_url: string,
    }
}

message! {
    /// One recording of an event.
    LogRecord {
        /// When it happened: nanoseconds since the Unix epoch; 0: unknown.
        1 TIME_UNIX_NANO time_unix_nano: fixed64,
        /// When it was seen: nanoseconds since the Unix epoch.
        11 OBSERVED_TIME_UNIX_NANO observed_time_unix_nano: fixed64,
        /// 1 (trace) to 24 (fatal).
        2 SEVERITY_NUMBER severity_number: enumeration SeverityNumber,
        /// The severity as the source called it.
        3 SEVERITY_TEXT severity_text: string,
        /// A string, or structured.
        5 BODY body: message AnyValue,
        /// Keys are unique by specification.
        6 ATTRIBUTES attributes: repeated message KeyValue,
        /// How many attributes the sender left out.
        7 DROPPED_ATTRIBUTES_COUNT dropped_attributes_count: uint32,
        /// Bits 0 to 7 are the W3C trace flags.
        8 FLAGS flags: fixed32,
        /// 16 bytes; empty: none.
        9 TRACE_ID trace_id: bytes,
        /// 8 bytes; empty: none.
        10 SPAN_ID span_id: bytes,
        /// What kind of event this records; empty: not an event.
        12 EVENT_NAME event_name: string,
    }
}

enumeration! {
    /// Severity; each name has four steps, of which the first is named here.
    SeverityNumber {
        /// Not said.
        0 UNSPECIFIED,
        /// 1 to 4.
        1 TRACE,
        /// 5 to 8.
        5 DEBUG,
        /// 9 to 12.
        9 INFO,
        /// 13 to 16.
        13 WARN,
        /// 17 to 20.
        17 ERROR,
        /// 21 to 24.
        21 FATAL,
    }
}
