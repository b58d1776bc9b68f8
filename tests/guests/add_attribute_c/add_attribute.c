// A processor in C: adds the attribute processed.by="c" to every resource of any signal.
//
// The three Export requests have the same shape down to there: field 1 is a group of one resource
// (ResourceSpans, ResourceMetrics, ResourceLogs), whose field 1 is the resource, whose field 1 are its
// attributes. The answer is `edited`: per resource the attribute is put in at its end, and the two
// lengths around it are written anew. Nothing else is touched or copied.

#include <stdlib.h>
#include <string.h>

#include "processor.h"

// A resource, as field 1 of its group, with one attribute: {key: "processed.by", value: {string_value: "c"}}.
static const uint8_t RESOURCE[] = {
    0x0a, 21, 0x0a, 19, 0x0a, 12, 'p', 'r', 'o', 'c', 'e', 's', 's', 'e', 'd', '.', 'b', 'y', 0x12, 3, 0x0a, 1, 'c',
};
// The attribute alone, for a resource that is there.
static const uint8_t *const ATTRIBUTE = RESOURCE + 2;

enum { ATTRIBUTE_LENGTH = sizeof RESOURCE - 2, VARINT_MAX = 10, FIELD_RESOURCE = 1, FIELD_GROUP = 1, WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LEN = 2, WIRE_FIXED32 = 5 };

// One field of a message: offsets in the batch.
typedef struct {
    uint32_t number;
    uint32_t wire_type;
    // Of the length prefix and of what it measures; only with WIRE_LEN.
    uint32_t length_offset;
    uint32_t start;
    uint32_t end;
} field_t;

typedef struct {
    tamis_processor_types_splice_t *splices;
    size_t count;
    size_t capacity;
    uint8_t *bytes;
    size_t length;
    size_t bytes_capacity;
} edits_t;

// Memory is bounded by the host: when there is none left, a trap is the right answer.
static void *grown(void *memory, size_t size) {
    void *larger = realloc(memory, size);
    if (larger == NULL) {
        __builtin_trap();
    }
    return larger;
}

static bool read_varint(const uint8_t *batch, uint32_t *at, uint32_t end, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < VARINT_MAX && *at < end; i++) {
        uint8_t byte = batch[(*at)++];
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

static size_t write_varint(uint8_t *out, uint64_t value) {
    size_t length = 0;
    while (value >= 0x80) {
        out[length++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[length++] = (uint8_t)value;
    return length;
}

// Reads the field at *at and moves behind it; false when it is malformed.
static bool read_field(const uint8_t *batch, uint32_t *at, uint32_t end, field_t *field) {
    uint64_t tag, length = 0;
    if (!read_varint(batch, at, end, &tag)) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->wire_type = tag & 7;
    field->length_offset = *at;
    switch (field->wire_type) {
    case WIRE_VARINT:
        return read_varint(batch, at, end, &length);
    case WIRE_FIXED64:
        length = 8;
        break;
    case WIRE_FIXED32:
        length = 4;
        break;
    case WIRE_LEN:
        if (!read_varint(batch, at, end, &length)) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (length > end - *at) {
        return false;
    }
    field->start = *at;
    *at += (uint32_t)length;
    field->end = *at;
    return true;
}

static void splice(edits_t *edits, uint32_t offset, uint32_t length, const uint8_t *bytes, size_t count) {
    if (edits->count == edits->capacity) {
        edits->capacity = edits->capacity == 0 ? 16 : 2 * edits->capacity;
        edits->splices = grown(edits->splices, edits->capacity * sizeof *edits->splices);
    }
    if (edits->length + count > edits->bytes_capacity) {
        edits->bytes_capacity = 2 * (edits->length + count);
        edits->bytes = grown(edits->bytes, edits->bytes_capacity);
    }
    edits->splices[edits->count++] = (tamis_processor_types_splice_t){offset, length, (uint32_t)count};
    memcpy(edits->bytes + edits->length, bytes, count);
    edits->length += count;
}

// Writes the length of a field anew into which so many bytes are put.
static void lengthen(edits_t *edits, const field_t *field, size_t put_in) {
    uint8_t varint[VARINT_MAX];
    size_t count = write_varint(varint, field->end - field->start + put_in);
    splice(edits, field->length_offset, field->start - field->length_offset, varint, count);
}

// By how many bytes a field grows into which so many are put: by those, and by its length prefix.
static size_t growth(const field_t *field, size_t put_in) {
    uint8_t varint[VARINT_MAX];
    size_t after = write_varint(varint, field->end - field->start + put_in);
    return put_in + after - (field->start - field->length_offset);
}

// Adds the attribute to one group; false when it is malformed.
static bool edit_group(edits_t *edits, const uint8_t *batch, const field_t *group) {
    field_t field, resource;
    bool found = false;
    for (uint32_t at = group->start; at < group->end;) {
        if (!read_field(batch, &at, group->end, &field)) {
            return false;
        }
        if (field.number == FIELD_RESOURCE && field.wire_type == WIRE_LEN) {
            resource = field;
            found = true;
        }
    }
    if (found) {
        lengthen(edits, group, growth(&resource, ATTRIBUTE_LENGTH));
        lengthen(edits, &resource, ATTRIBUTE_LENGTH);
        splice(edits, resource.end, 0, ATTRIBUTE, ATTRIBUTE_LENGTH);
    } else {
        lengthen(edits, group, sizeof RESOURCE);
        splice(edits, group->start, 0, RESOURCE, sizeof RESOURCE);
    }
    return true;
}

bool exports_tamis_processor_handler_configure(
    exports_tamis_processor_handler_configuration_t *configuration,
    exports_tamis_processor_handler_descriptor_t *descriptor,
    exports_tamis_processor_handler_list_problem_t *problems) {
    (void)problems;
    exports_tamis_processor_handler_configuration_free(configuration);
    memset(descriptor, 0, sizeof *descriptor);
    processor_string_dup(&descriptor->name, "add_attribute");
    processor_string_dup(&descriptor->version, "0.1.0");
    descriptor->signals.ptr = grown(NULL, 3 * sizeof *descriptor->signals.ptr);
    descriptor->signals.len = 3;
    descriptor->signals.ptr[0] = TAMIS_PROCESSOR_TYPES_SIGNAL_TRACES;
    descriptor->signals.ptr[1] = TAMIS_PROCESSOR_TYPES_SIGNAL_METRICS;
    descriptor->signals.ptr[2] = TAMIS_PROCESSOR_TYPES_SIGNAL_LOGS;
    descriptor->partition = TAMIS_PROCESSOR_TYPES_PARTITION_ANY;
    return true;
}

bool exports_tamis_processor_handler_process(
    exports_tamis_processor_handler_context_t *context,
    processor_list_u8_t *batch,
    exports_tamis_processor_handler_outcome_t *outcome,
    exports_tamis_processor_handler_error_t *error) {
    edits_t edits = {0};
    bool sound = true;
    for (uint32_t at = 0; sound && at < batch->len;) {
        field_t field;
        sound = read_field(batch->ptr, &at, (uint32_t)batch->len, &field);
        if (sound && field.number == FIELD_GROUP && field.wire_type == WIRE_LEN) {
            sound = edit_group(&edits, batch->ptr, &field);
        }
    }
    exports_tamis_processor_handler_context_free(context);
    processor_list_u8_free(batch);
    if (!sound) {
        free(edits.splices);
        free(edits.bytes);
        error->tag = TAMIS_PROCESSOR_TYPES_ERROR_PERMANENT;
        processor_string_dup(&error->val.permanent, "the batch is malformed");
        return false;
    }
    outcome->tag = TAMIS_PROCESSOR_TYPES_OUTCOME_EDITED;
    outcome->val.edited.splices.ptr = edits.splices;
    outcome->val.edited.splices.len = edits.count;
    outcome->val.edited.replacement.ptr = edits.bytes;
    outcome->val.edited.replacement.len = edits.length;
    return true;
}
