namespace Gateway.Relay;

/// <content>Letting go of a client that was asked to end and may not know yet.</content>
internal abstract partial class LoopConnecting
{
    /// <summary>Whether both directions have ended, and the client is given a moment to close as well.</summary>
    public bool IsParting { get; private set; }

    /// <summary>Both directions have ended, and the client was told.</summary>
    protected void BeginParting()
    {
        IsParting = true;
        Upstream!.Close(reset: false);
        Loop.Schedule(ClientEnd, PartingTimeout);
    }
}
