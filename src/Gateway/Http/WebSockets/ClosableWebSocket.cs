namespace Gateway.Http.WebSockets;

/// <summary>
/// The client's side of a WebSocket that is forwarded byte by byte, with one more ability: it can be told to close with
/// code 1001, going away (RFC 6455, section 7.4.1), towards both ends, between two frames.
/// </summary>
/// <remarks>
/// The client gets the close frame as soon as no frame of the destination's is under way, and nothing after it. The
/// destination gets it, as if from the client, as soon as no frame of the client's is under way. What either still sends is
/// dropped until its own close frame comes. Each is told before anything that comes later is passed on, the other's answer
/// to its own close frame above all: who is told first may answer within the same call. One reader and one writer at a
/// time, as YARP has them.
/// </remarks>
internal sealed class ClosableWebSocket(Stream client) : Stream
{
    private static readonly byte[] _closeToClient = [0x88, 0x02, 0x03, 0xE9];

    // A client masks what it sends; with a key of zeros the payload stays as it is.
    private static readonly byte[] _closeToDestination = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9];

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _asked = new();
    private WebSocketFrames _toClient;
    private WebSocketFrames _fromClient;
    private CancellationTokenSource? _reading;
    private CancellationToken _readingFor;
    private bool _clientWasTold;
    private bool _destinationWasTold;

    // What the destination got ends with a frame, whatever of the client's was dropped after it.
    private bool _destinationIsCut;

    /// <summary>Whether it was told to close.</summary>
    public bool IsAsked => _asked.IsCancellationRequested;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private bool MustTellDestination => IsAsked && (_destinationIsCut || IsBetweenFrames(_fromClient));

    /// <summary>Tells it to close; returns at once. May be called from any thread, and more than once.</summary>
    public void AskToEnd()
    {
        if (!IsAsked)
        {
            _ = AskAsync();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_destinationWasTold)
            {
                return await AwaitCloseAsync(buffer, cancellationToken);
            }

            if (MustTellDestination)
            {
                return TellDestination(buffer);
            }

            int read;
            try
            {
                read = await client.ReadAsync(buffer, IsAsked ? cancellationToken : Interruptible(cancellationToken));
            }
            catch (OperationCanceledException) when (IsAsked && !cancellationToken.IsCancellationRequested)
            {
                continue;
            }

            if (!IsAsked)
            {
                _fromClient.TakeAll(buffer.Span[..read]);
                return read;
            }

            if (MustTellDestination && buffer.Length >= _closeToDestination.Length)
            {
                // It came in the moment of being told; it may be the client's answer to that.
                _fromClient.TakeAll(buffer.Span[..read]);
                return TellDestination(buffer);
            }

            // Only to the end of the frame; the destination is told next.
            var whole = _fromClient.Take(buffer.Span[..read]);
            _destinationIsCut = IsBetweenFrames(_fromClient);
            _fromClient.TakeAll(buffer.Span[whole..read]);
            return whole;
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_clientWasTold)
            {
                return;
            }

            if (!IsAsked || _toClient.HasClosed)
            {
                _toClient.TakeAll(buffer.Span);
                await client.WriteAsync(buffer, cancellationToken);
                return;
            }

            if (!_toClient.IsAtBoundary)
            {
                await client.WriteAsync(buffer[.._toClient.Take(buffer.Span)], cancellationToken);
            }

            await TellClientNeedsLockAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override void Flush() => client.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            client.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsBetweenFrames(in WebSocketFrames frames) => frames is { IsAtBoundary: true, HasClosed: false };

    private async Task AskAsync()
    {
        try
        {
            await _asked.CancelAsync();
            await _writing.WaitAsync();
            try
            {
                await TellClientNeedsLockAsync(CancellationToken.None);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // It has ended meanwhile, which is what was wanted.
        }
    }

    private async Task TellClientNeedsLockAsync(CancellationToken cancellation)
    {
        if (IsBetweenFrames(_toClient) && !_clientWasTold)
        {
            _clientWasTold = true;
            await client.WriteAsync(_closeToClient, cancellation);
            await client.FlushAsync(cancellation);
        }
    }

    private int TellDestination(Memory<byte> buffer)
    {
        if (buffer.Length < _closeToDestination.Length)
        {
            // The reader only waits for something to be there.
            return 0;
        }

        _destinationWasTold = true;
        _closeToDestination.CopyTo(buffer);
        return _closeToDestination.Length;
    }

    /// <summary>Drops what the client still sends, until it closes too: the end of the stream, 0.</summary>
    private async ValueTask<int> AwaitCloseAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (!_fromClient.HasClosed)
        {
            var read = await client.ReadAsync(buffer, cancellation);
            _fromClient.TakeAll(buffer.Span[..read]);
            if (read == 0)
            {
                break;
            }
        }

        return 0;
    }

    /// <summary>A token that being told to close cancels too; made once, since the reader always has the same.</summary>
    private CancellationToken Interruptible(CancellationToken cancellation)
    {
        if (_reading is null || _readingFor != cancellation)
        {
            _readingFor = cancellation;
            _reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _asked.Token);
        }

        return _reading.Token;
    }
}
