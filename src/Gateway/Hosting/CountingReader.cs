using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>The body of a request, of which it counts what is read. It does not own what it wraps.</summary>
/// <remarks>A reader, and not a stream around Kestrel's: to stop reading from one, the server's reader is given a token, which leaves
/// that of a body of known length in the middle of a read, so that what is left of the body cannot be drained.</remarks>
internal sealed class CountingReader(PipeReader inner) : PipeReader, IRequestBodyPipeFeature
{
    private ReadOnlySequence<byte> _read;

    /// <summary>Bytes that were taken.</summary>
    public long BytesRead { get; private set; }

    public PipeReader Reader => this;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = cancellationToken.CanBeCanceled ? ReadUntilAsync(cancellationToken) : inner.ReadAsync(CancellationToken.None);
        return reading.IsCompletedSuccessfully ? new(Keep(reading.Result)) : KeepAsync(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        var isRead = inner.TryRead(out result);
        _ = isRead && Keep(result).IsCompleted;
        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        BytesRead += _read.Slice(_read.Start, consumed).Length;
        _read = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private async ValueTask<ReadResult> KeepAsync(ValueTask<ReadResult> reading) => Keep(await reading);

    private ReadResult Keep(ReadResult result)
    {
        _read = result.Buffer;
        return result;
    }

    /// <summary>Reads until a token says otherwise, without handing it to the server's reader.</summary>
    private async ValueTask<ReadResult> ReadUntilAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var registration =
            cancellationToken.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), inner);
        var result = await inner.ReadAsync(CancellationToken.None);
        if (result.IsCanceled && cancellationToken.IsCancellationRequested)
        {
            inner.AdvanceTo(result.Buffer.Start);
            throw new OperationCanceledException(cancellationToken);
        }

        return result;
    }
}
