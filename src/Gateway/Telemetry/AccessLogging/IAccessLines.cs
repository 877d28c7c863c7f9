using System.Buffers;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes access records as lines.</summary>
internal interface IAccessLines
{
    /// <summary>Appends one line with its end.</summary>
    void Write(in AccessRecord record, IBufferWriter<byte> to);
}
