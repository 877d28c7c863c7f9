using System.Buffers;

namespace Gateway.Probing.Answers;

/// <summary>Reads an answer until it is judged, ended, over the limit, or late.</summary>
internal static class Answer
{
    // Whatever is expected is looked for again after each piece. A destination that sends single bytes would make that
    // costly; one that means well sends hundreds of bytes at a time.
    private const int MaxPieces = 1024;

    private const int FirstRoom = 1024;

    /// <summary>Reads no further than needed; the stream stays the caller's.</summary>
    public static Task<ProbeResult> ReadAsync(Stream stream, Expectation expected, CancellationToken deadline) =>
        ReadAsync(stream, new ArrayBufferWriter<byte>(FirstRoom), expected, deadline);

    /// <summary>The same, with what came before and was not needed then at the beginning of <paramref name="answer"/>.
    /// </summary>
    public static async Task<ProbeResult> ReadAsync(
        Stream stream, ArrayBufferWriter<byte> answer, Expectation expected, CancellationToken deadline)
    {
        if (answer.WrittenCount > 0 && expected.Judge(answer.WrittenSpan, ended: false) is { } known)
        {
            return known;
        }

        try
        {
            for (var pieces = 0; pieces < MaxPieces && answer.WrittenCount < Expectation.LimitBytes; pieces++)
            {
                var room = answer.GetMemory();
                var length = await stream.ReadAsync(
                    room[..Math.Min(room.Length, Expectation.LimitBytes - answer.WrittenCount)], deadline);
                answer.Advance(length);
                if (expected.Judge(answer.WrittenSpan, ended: length == 0) is { } result)
                {
                    return result;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return new ProbeResult(ProbeOutcome.TimedOut, $"{answer.WrittenCount} bytes came");
        }

        return expected.Judge(answer.WrittenSpan, ended: true)!.Value;
    }
}
