using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A span as a collector sees it.</summary>
/// <param name="Service">The resource's <c>service.name</c>.</param>
/// <param name="Source">The name of the activity source.</param>
/// <param name="TraceId">In hexadecimal.</param>
/// <param name="SpanId">In hexadecimal.</param>
/// <param name="ParentId">In hexadecimal; empty for the root.</param>
/// <param name="Name">The display name.</param>
/// <param name="Attributes">Strings and integers only.</param>
internal sealed record OtlpSpan(
    string Service, string Source, string TraceId, string SpanId, string ParentId, string Name,
    IReadOnlyDictionary<string, string> Attributes);

/// <summary>Reads as much of OTLP's protobuf messages as tests look at.</summary>
/// <remarks>Field numbers: opentelemetry/proto/collector/trace/v1/trace_service.proto, trace/v1/trace.proto,
/// metrics/v1/metrics.proto, common/v1/common.proto.</remarks>
internal static class OtlpMessages
{
    public static void ReadSpans(ReadOnlySpan<byte> export, Action<OtlpSpan> found)
    {
        var requests = new ProtobufReader(export);
        while (requests.Next())
        {
            var service = "";
            var resourceSpans = new ProtobufReader(requests.Bytes);
            while (resourceSpans.Next())
            {
                if (resourceSpans.Field == 1)
                {
                    service = ReadAttributes(resourceSpans.Bytes, field: 1).GetValueOrDefault("service.name", "");
                }
                else if (resourceSpans.Field == 2)
                {
                    ReadScope(resourceSpans.Bytes, service, found);
                }
            }
        }
    }

    public static void ReadMetricNames(ReadOnlySpan<byte> export, Action<string> found)
    {
        var requests = new ProtobufReader(export);
        while (requests.Next())
        {
            var resources = new ProtobufReader(requests.Bytes);
            while (resources.Next())
            {
                var scopes = new ProtobufReader(resources.Field == 2 ? resources.Bytes : []);
                while (scopes.Next())
                {
                    if (scopes.Field == 2)
                    {
                        found(ReadText(scopes.Bytes, field: 1));
                    }
                }
            }
        }
    }

    private static void ReadScope(ReadOnlySpan<byte> scopeSpans, string service, Action<OtlpSpan> found)
    {
        var source = "";
        var reader = new ProtobufReader(scopeSpans);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                source = ReadText(reader.Bytes, field: 1);
            }
            else if (reader.Field == 2)
            {
                found(ReadSpan(reader.Bytes, service, source));
            }
        }
    }

    private static OtlpSpan ReadSpan(ReadOnlySpan<byte> bytes, string service, string source)
    {
        var (trace, span, parent, name) = ("", "", "", "");
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    trace = Convert.ToHexStringLower(reader.Bytes);
                    break;
                case 2:
                    span = Convert.ToHexStringLower(reader.Bytes);
                    break;
                case 4:
                    parent = Convert.ToHexStringLower(reader.Bytes);
                    break;
                case 5:
                    name = Encoding.UTF8.GetString(reader.Bytes);
                    break;
            }
        }

        return new OtlpSpan(service, source, trace, span, parent, name, ReadAttributes(bytes, field: 9));
    }

    /// <summary>All <c>KeyValue</c> messages in one repeated field of a message.</summary>
    private static Dictionary<string, string> ReadAttributes(ReadOnlySpan<byte> message, int field)
    {
        var attributes = new Dictionary<string, string>();
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == field)
            {
                var (key, value) = ("", "");
                var pair = new ProtobufReader(reader.Bytes);
                while (pair.Next())
                {
                    key = pair.Field == 1 ? Encoding.UTF8.GetString(pair.Bytes) : key;
                    value = pair.Field == 2 ? ReadValue(pair.Bytes) : value;
                }

                attributes[key] = value;
            }
        }

        return attributes;
    }

    /// <summary><c>AnyValue</c>: field 1 is a string, 3 an integer.</summary>
    private static string ReadValue(ReadOnlySpan<byte> anyValue)
    {
        var reader = new ProtobufReader(anyValue);
        return !reader.Next() ? "" : reader.Field switch
        {
            1 => Encoding.UTF8.GetString(reader.Bytes),
            3 => reader.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => "",
        };
    }

    private static string ReadText(ReadOnlySpan<byte> message, int field)
    {
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == field)
            {
                return Encoding.UTF8.GetString(reader.Bytes);
            }
        }

        return "";
    }
}
