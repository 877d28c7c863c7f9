using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Http.Forwarding;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Plain;

/// <summary>The client of a request that is read and answered on its connection. Writes what Kestrel would. Lent with the request.
/// </summary>
/// <param name="head">The head of the request.</param>
internal sealed partial class LaneClient(PlainHead head) : IExchangeClient
{
    private readonly LaneOutput _output = new();
    private LaneSocket _socket = null!;
    private ReadOnlyMemory<byte> _request;
    private bool _keepsHost;
    private bool _isChunked;

    public ILoopClient Loop => _socket;

    ILoopClient? IExchangeClient.Loop => _socket;

    public PlainHead Head => head;

    public bool IsAloneOnLoop => true;

    public CancellationToken Gone => CancellationToken.None;

    public string Method => Head.Method;

    /// <summary>The body is sent with the head.</summary>
    public BodyFraming Framing => BodyFraming.None;

    public bool HasBody => Head.ContentLength > 0;

    public bool MustFlushEnd => false;

    /// <summary>Whether the connection is closed after this answer.</summary>
    public bool IsLast { get; private set; }

    /// <summary>What the client is told; 0 when nothing is written yet.</summary>
    public int Status { get; private set; }

    /// <summary>What went wrong, and the status that would tell it.</summary>
    public (ForwarderError Error, int Status, Exception Exception)? Failure { get; private set; }

    /// <summary>Takes a request on, which <see cref="Head"/> has read.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="request">Head and body.</param>
    /// <param name="keepsHost">Whether the client's Host is passed on.</param>
    /// <param name="timesFirstByte">Whether somebody wants to know when the first byte of the answer came.</param>
    public void Begin(LaneSocket socket, ReadOnlyMemory<byte> request, bool keepsHost, bool timesFirstByte)
    {
        _socket = socket;
        _request = request;
        _keepsHost = keepsHost;
        _isChunked = false;
        IsLast = Head.IsLast;
        Status = 0;
        Failure = null;
        BeginCounting(timesFirstByte);
    }

    /// <summary>Forgets a failure of which the client was told nothing, before the next try.</summary>
    public void TryAgain() => Failure = null;

    /// <summary>Lets go of the request.</summary>
    public void Release()
    {
        _request = default;
        Failure = null;
    }

    /// <summary>Forgets the connection, and what it was not sent.</summary>
    public void Clear()
    {
        _socket = null!;
        _output.Clear();
    }

    public int WriteRequestHead(Upstream upstream)
    {
        var request = _request.Span;
        var target = upstream.Target;
        var writer = new SendingWriter(upstream);
        writer.Put(Method);
        writer.Put(" "u8);
        writer.Put(target.BasePath);
        writer.Put(request[Head.Target]);
        writer.Put(" HTTP/1.1\r\nHost: "u8);
        writer.Put(_keepsHost ? request[Head.Host] : target.Host);
        writer.Put("\r\n"u8);
        for (var i = 0; i < Head.Count; i++)
        {
            writer.Put(request[Head.Field(i)]);
            writer.Put("\r\n"u8);
        }

        writer.Put(_socket.ForwardedFor);
        writer.Put("X-Forwarded-Host: "u8);
        writer.Put(request[Head.Host]);
        writer.Put("\r\nX-Forwarded-Proto: http\r\n"u8);
        if (Head.ContentLength >= 0)
        {
            writer.Put("Content-Length: "u8);
            writer.Put(Head.ContentLength);
            writer.Put("\r\n"u8);
        }

        writer.Put("\r\n"u8);
        writer.Put(request[Head.Length..]);
        BytesIn = request.Length - Head.Length;
        return writer.Length;
    }

    public RequestBody? BeginBody(Upstream upstream, TimeProvider time) => null;

    public void WriteHead(ResponseHead head)
    {
        Status = head.Status;
        WriteStatus(head.Status, head.Reason);
        var hasDate = false;
        var hasLength = false;
        for (var i = 0; i < head.Count; i++)
        {
            var field = head.Field(i);
            if (field.Kind == ResponseFieldKind.Ordinary)
            {
                if (!head.IsNamedInConnection(field.Name))
                {
                    WriteField(field.Name, field.Value);
                    hasDate |= ReferenceEquals(field.Name, HeaderNames.Date);
                }
            }
            else if (field.Kind == ResponseFieldKind.ContentLength
                && head.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent))
            {
                hasLength = true;
                WriteField(HeaderNames.ContentLength, field.Value);
            }
        }

        var isBodiless = HttpMethods.IsHead(Method)
            || head.Status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified;
        _isChunked = !hasLength && !isBodiless;
        if (_isChunked)
        {
            Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (head.Status == StatusCodes.Status205ResetContent)
        {
            Write("Content-Length: 0\r\n"u8);
        }

        EndHead(hasDate);
    }

    public void WriteBody(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        Count(bytes.Length);
        if (_isChunked)
        {
            Span<byte> size = stackalloc byte[10];
            bytes.Length.TryFormat(size, out var digits, "x", CultureInfo.InvariantCulture);
            "\r\n"u8.CopyTo(size[digits..]);
            Write(size[..(digits + 2)]);
            Write(bytes);
            Write("\r\n"u8);
        }
        else
        {
            Write(bytes);
        }
    }

    /// <summary>Writes the end of a chunked answer.</summary>
    public void WriteEnd()
    {
        if (_isChunked)
        {
            _isChunked = false;
            Write("0\r\n\r\n"u8);
        }

        Sends();
    }

    public void WriteTrailers(ChunkedBody chunks)
    {
        // Whoever wants trailers says so in TE, and is not here (RFC 9110, section 6.5.1); nor would Kestrel send them.
    }

    public ValueTask<ClientOutlet?> BeginDirectAsync() => ValueTask.FromResult<ClientOutlet?>(_isChunked ? null : _socket);

    public void EndDirect()
    {
        // It is the socket that sees to slow clients, before and after.
    }

    public ValueTask<bool> FlushAsync() => FlushAsync(isLast: false);

    /// <summary>Sends the end of the answer, after which a connection that is to be closed is; false when the client takes no more.
    /// </summary>
    public ValueTask<bool> FlushEndAsync() => FlushAsync(IsLast);

    public Task CompleteAsync() => Task.CompletedTask;

    public bool HasTakenSome() => _socket.HasTakenSome();

    public void CutOff() => _socket.Abort();

    public void Fail(ForwarderError error, int status, Exception exception) => Failure = (error, status, exception);

    public void BreakOff(ForwarderError error, Exception exception) => Failure = (error, Status, exception);

    /// <summary>Writes an answer without a body that tells a failure.</summary>
    public void WriteFailure(int status)
    {
        Status = status;
        WriteStatus(status, ReasonPhrases.GetReasonPhrase(status));
        Write("Content-Length: 0\r\n"u8);
        EndHead(hasDate: false);
        Sends();
    }

    private void WriteStatus(int status, string reason)
    {
        if (status == StatusCodes.Status200OK && reason == "OK")
        {
            Write("HTTP/1.1 200 OK\r\n"u8);
            return;
        }

        Write("HTTP/1.1 "u8);
        Write(status.ToString(CultureInfo.InvariantCulture));
        Write(" "u8);
        Write(reason);
        Write("\r\n"u8);
    }

    private void EndHead(bool hasDate)
    {
        if (!hasDate)
        {
            Write(_socket.Date.Bytes);
        }

        IsLast |= _socket.IsEnding;
        Write(IsLast ? "Connection: close\r\n\r\n"u8 : "\r\n"u8);
    }

    private void WriteField(string name, string value)
    {
        Write(name);
        Write(": "u8);
        Write(value);
        Write("\r\n"u8);
    }

    private void Write(string text) => _output.Write(text);

    private void Write(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    private ValueTask<bool> FlushAsync(bool isLast)
    {
        Sends();
        return !_output.IsEmpty && !_socket.TrySend(_output, isLast) ? new(false)
            : _output.IsEmpty ? new(!_socket.IsClosed)
            : FlushRestAsync(isLast);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FlushRestAsync(bool isLast)
    {
        while (await _socket.WritableAsync())
        {
            if (!_socket.TrySend(_output, isLast))
            {
                return false;
            }

            if (_output.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
