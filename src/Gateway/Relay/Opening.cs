using Gateway.ProxyProtocol;
using Gateway.Relay.Sni;

namespace Gateway.Relay;

/// <summary>What came of reading the opening of a connection so far.</summary>
internal enum OpeningResult
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>Everything is known that was to be known.</summary>
    Complete,

    /// <summary>The connection is to be reset, for the reason in <see cref="Opening.Fault"/>.</summary>
    Refused,
}

/// <summary>
/// What is read of a client before its connection is led anywhere: the header of a proxy in front, which is taken off,
/// and the ClientHello, which is only looked at. No sockets and no clock, so that both engines share it.
/// </summary>
internal sealed class Opening(bool expectsHeader, bool wantsHello)
{
    /// <summary>The most bytes that are ever looked at.</summary>
    public const int MaxLength = ProxyHeaderReader.MaxLength;

    private bool _expectsHeader = expectsHeader;
    private bool _wantsHello = wantsHello;
    private bool _hasBegun;

    /// <summary>What the proxy in front said.</summary>
    public ProxyHeader Header { get; private set; }

    /// <summary>What the client wants; null when it does not speak TLS, or nobody asked.</summary>
    public ClientHello? Hello { get; private set; }

    /// <summary>Why the connection was refused.</summary>
    public ConnectionEnd Fault { get; private set; }

    /// <summary>Looks at the beginning of the stream.</summary>
    /// <param name="bytes">What has come and was not taken off yet.</param>
    /// <param name="isEnd">Whether nothing more will come.</param>
    /// <param name="taken">How many bytes are to be taken off. If there are some and the result is incomplete, the rest
    /// may be looked at once more.</param>
    public OpeningResult Read(ReadOnlySpan<byte> bytes, bool isEnd, out int taken)
    {
        taken = 0;
        _hasBegun |= !bytes.IsEmpty;
        if (_expectsHeader)
        {
            var result = ProxyHeaderReader.Read(bytes, out var header, out taken);
            if (result == ProxyHeaderResult.Complete)
            {
                Header = header;
                _expectsHeader = false;
                _hasBegun = bytes.Length > taken;
                return _wantsHello ? OpeningResult.Incomplete : OpeningResult.Complete;
            }

            return result == ProxyHeaderResult.Malformed || isEnd ? Refuse() : OpeningResult.Incomplete;
        }

        var found = ClientHelloReader.Read(bytes, out var hello);
        Hello = hello;
        _wantsHello = found == ClientHelloResult.Incomplete && !isEnd;
        return _wantsHello ? OpeningResult.Incomplete
            : found is ClientHelloResult.Complete or ClientHelloResult.NotTls || bytes.IsEmpty ? OpeningResult.Complete
            : Refuse();
    }

    /// <summary>The time is over. A client that has sent nothing waits for the server to speak first, as with mail: it is
    /// none that names anything.</summary>
    public OpeningResult TimeOut() => _expectsHeader || _hasBegun ? Refuse() : OpeningResult.Complete;

    private OpeningResult Refuse()
    {
        Fault = _expectsHeader ? ConnectionEnd.ProxyHeader : ConnectionEnd.Handshake;
        return OpeningResult.Refused;
    }
}
