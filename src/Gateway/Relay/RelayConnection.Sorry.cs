namespace Gateway.Relay;

/// <content>Telling a client that no destination can serve it.</content>
internal abstract partial class RelayConnection
{
    /// <summary>How long a client is given to take what was sent to it last and close its half. Closed at once, what it sent and
    /// nobody read would reset it, and the last bytes with it.</summary>
    protected static readonly TimeSpan PartingTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Bytes of the client that are read for that and thrown away; who sends more is reset.</summary>
    protected const int MostDiscarded = 1024 * 1024;

    private volatile bool _isSayingSorry;

    /// <summary>Whether the client is being told, with the end decided and the sockets still open.</summary>
    protected bool IsSayingSorry => _isSayingSorry;

    /// <summary>What the client is to be told, once the end is set; null resets it.</summary>
    protected byte[]? Sorry => (ConnectionEnd)Volatile.Read(ref _end)
        is ConnectionEnd.NoDestination or ConnectionEnd.QueueFull or ConnectionEnd.QueueTimeout or ConnectionEnd.ConnectFailed
            ? VirtualServer.Sorry
            : null;

    /// <summary>The text is going to be sent; from here on <see cref="Close"/> cuts it off.</summary>
    protected void BeginSorry() => _isSayingSorry = true;

    /// <summary>The text was sent.</summary>
    protected void CountSorry(int bytes)
    {
        Volatile.Write(ref _bytesReceived, bytes);
        VirtualServer.CountSent(bytes);
    }
}
