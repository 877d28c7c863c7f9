using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Netlink;

/// <summary>One question or order to the kernel outside a transaction.</summary>
internal sealed class NetlinkRequest
{
    private const ushort IsRequest = 1;
    private const ushort Acknowledge = 4;
    private const ushort IsListing = 0x300;
    private const int MostRetries = 10;

    private readonly NetlinkSocket _socket;
    private readonly uint _sequence;
    private readonly string _what;

    /// <param name="socket">Where to ask.</param>
    /// <param name="type">The kind of message.</param>
    /// <param name="header">Length of the protocol's own header.</param>
    /// <param name="what">What is asked, for the error.</param>
    public NetlinkRequest(NetlinkSocket socket, int type, int header, string what)
    {
        _socket = socket;
        _sequence = socket.NextSequence();
        _what = what;
        var bytes = Buffer.Append(NetlinkMessage.HeaderLength + header);
        BitConverter.TryWriteBytes(bytes[4..], (ushort)type);
        BitConverter.TryWriteBytes(bytes[8..], _sequence);
    }

    /// <summary>Attributes go here.</summary>
    public NetlinkBuffer Buffer { get; } = new(capacity: 128);

    /// <summary>A question to nf_tables or connection tracking, whose header names a family.</summary>
    public static NetlinkRequest Netfilter(NetlinkSocket socket, int subsystem, int message, byte family, string what)
    {
        var request = new NetlinkRequest(socket, (subsystem << 8) | message, 4, what);
        request.Buffer.PatchByte(NetlinkMessage.HeaderLength, family);
        return request;
    }

    /// <summary>A question to nf_tables.</summary>
    public static NetlinkRequest Tables(NetlinkSocket socket, int message, TableFamily family, string what) =>
        Netfilter(socket, 10, message, (byte)family, what);

    /// <summary>Sends an order and waits for its acknowledgement.</summary>
    public void Execute(ushort flags = 0)
    {
        Finish((ushort)(IsRequest | Acknowledge | flags));
        NetlinkException? failure = null;
        _socket.Receive(
            message =>
            {
                if (message.Sequence != _sequence || message.Type != NetlinkMessage.ErrorType)
                {
                    return true;
                }

                failure = message.Error == 0 ? null : new NetlinkException(message.Error, _what, message.Detail);
                return false;
            },
            wait: true,
            _what);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Asks for one thing.</summary>
    public void Get(Action<NetlinkMessage> take) => Ask(IsRequest | Acknowledge, () => { }, take);

    /// <summary>Asks for a listing, and again when it changed while it was read.</summary>
    /// <param name="begin">Called before the listing begins, each time.</param>
    /// <param name="take">Called with each entry.</param>
    public void List(Action begin, Action<NetlinkMessage> take)
    {
        // A listing in use changes all the time: what is not to be had exactly is better had roughly.
        for (var i = 0; i < MostRetries && !Ask(IsRequest | IsListing, begin, take); i++)
        {
        }
    }

    /// <summary>Asks for many things at once, each with one answer: a call of the kernel for all questions instead of one for
    /// each. What it refuses is not taken.</summary>
    /// <param name="requests">The questions, made one after the other. All answers wait in the socket's queue together.</param>
    /// <param name="take">Called with each answer and the number of its question.</param>
    public static void Get(IReadOnlyList<NetlinkRequest> requests, NumberedReader take)
    {
        if (requests.Count == 0)
        {
            return;
        }

        var (socket, first, what) = (requests[0]._socket, requests[0]._sequence, requests[0]._what);
        var bytes = new NetlinkBuffer();
        foreach (var request in requests)
        {
            request.Close(IsRequest);
            request.Buffer.Bytes.CopyTo(bytes.Append(request.Buffer.Length));
        }

        socket.Send(bytes.Bytes, what);
        var missing = requests.Count;
        socket.Receive(
            message =>
            {
                var number = (int)(message.Sequence - first);
                if (number < 0 || number >= requests.Count)
                {
                    return true;
                }

                if (message.Type != NetlinkMessage.ErrorType)
                {
                    take(number, message);
                }

                return --missing > 0;
            },
            wait: true,
            what);
    }

    private bool Ask(ushort flags, Action begin, Action<NetlinkMessage> take)
    {
        begin();
        Finish(flags);
        var isWhole = true;
        NetlinkException? failure = null;
        _socket.Receive(
            message =>
            {
                if (message.Sequence != _sequence)
                {
                    return true;
                }

                isWhole &= !message.IsInterrupted;
                if (message.Type == NetlinkMessage.DoneType)
                {
                    return false;
                }

                if (message.Type == NetlinkMessage.ErrorType)
                {
                    failure = message.Error == 0 ? null : new NetlinkException(message.Error, _what, message.Detail);
                    return false;
                }

                take(message);
                return true;
            },
            wait: true,
            _what);
        return failure is null ? isWhole : throw failure;
    }

    private void Finish(ushort flags)
    {
        Close(flags);
        _socket.Send(Buffer.Bytes, _what);
    }

    private void Close(ushort flags)
    {
        Buffer.Patch(0, (uint)Buffer.Length);
        Buffer.PatchByte(6, (byte)flags);
        Buffer.PatchByte(7, (byte)(flags >> 8));
    }
}

/// <summary>Takes the answer to one of several questions.</summary>
internal delegate void NumberedReader(int number, NetlinkMessage answer);
