namespace Gateway.Http.Plain;

/// <content>What has passed, for who is told the end of the request.</content>
internal sealed partial class LaneClient
{
    private bool _hasStarted;
    private bool _timesFirstByte;
    private long _written;

    /// <summary>The status that was given to the kernel to send; 0 when nothing was.</summary>
    public int StatusSent => _hasStarted ? Status : 0;

    /// <summary>Bytes of the request's body that were passed on.</summary>
    public int BytesIn { get; private set; }

    /// <summary>Bytes of the answer's body that were given to the kernel to send, or are in the same call, without framing.</summary>
    public long BytesOut { get; private set; }

    /// <summary>Timestamp of the first byte of the answer's body; 0 before it, and when nobody wants to know.</summary>
    public long FirstByte { get; private set; }

    public void CountDirect(int bytes)
    {
        if (bytes > 0)
        {
            Count(bytes);
            Sends();
        }
    }

    private void BeginCounting(bool timesFirstByte)
    {
        _hasStarted = false;
        _timesFirstByte = timesFirstByte;
        _written = 0;
        BytesIn = 0;
        BytesOut = FirstByte = 0;
    }

    private void Count(int bytes)
    {
        _written += bytes;
        if (FirstByte == 0 && _timesFirstByte)
        {
            FirstByte = _socket.Loop.Time.GetTimestamp();
        }
    }

    /// <summary>What is written is on its way.</summary>
    private void Sends()
    {
        _hasStarted = Status != 0;
        BytesOut = _written;
    }
}
