namespace Gateway.Queueing;

/// <summary>Those of one client that wait, oldest first.</summary>
internal sealed class ClientLine
{
    public ClientLine(ulong client)
    {
        Client = client;
        Turn = new LinkedListNode<ClientLine>(this);
    }

    public ulong Client { get; }

    /// <summary>Its place among the lines.</summary>
    public LinkedListNode<ClientLine> Turn { get; }

    public LinkedList<Waiter> Waiting { get; } = [];
}
