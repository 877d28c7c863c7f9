using System.Buffers.Binary;

namespace Gateway.Kernel.Netlink;

/// <content>The messages around the changes, and the kernel's answer to them.</content>
internal sealed partial class NftBatch
{
    /// <summary>Makes the changes; throws <see cref="NetlinkException"/>, and then nothing has changed.</summary>
    public void Commit()
    {
        if (IsEmpty)
        {
            return;
        }

        RequestAnswer();
        var at = _buffer.Length;
        Header(BatchEnd, Request, 0, Subsystem, "commit", "");
        Close(at);
        Send(expected: _last);
    }

    /// <summary>Lets the kernel check all changes and make none: without an end, it undoes what it began.</summary>
    public void Check()
    {
        RequestAnswer();
        Send(expected: _last);
    }

    private uint Header(int type, ushort flags, byte family, ushort resource, string act, string subject, string detail = "")
    {
        var sequence = _socket.NextSequence();
        var header = _buffer.Append(NetlinkMessage.HeaderLength + 4);
        BitConverter.TryWriteBytes(header[4..], (ushort)type);
        BitConverter.TryWriteBytes(header[6..], flags);
        BitConverter.TryWriteBytes(header[8..], sequence);
        header[16] = family;
        BinaryPrimitives.WriteUInt16BigEndian(header[18..], resource);
        _steps.Add(new Step(act, subject, detail));
        return sequence;
    }

    private void Close(int at) => _buffer.Patch(at, (uint)(_buffer.Length - at));

    // Failures are answered in any case; that the last change is answered tells that there was none.
    private void RequestAnswer()
    {
        var flags = BitConverter.ToUInt16(_buffer.Bytes[_flagsAt..]);
        _buffer.Patch(_flagsAt - 2, (uint)(((flags | Acknowledge) << 16) | BitConverter.ToUInt16(_buffer.Bytes[(_flagsAt - 2)..])));
    }

    private void Send(uint expected)
    {
        _socket.Send(_buffer.Bytes, "sending changes to nf_tables");
        NetlinkException? failure = null;
        var isAnswered = false;
        _socket.Receive(
            message =>
            {
                if (message.Type == NetlinkMessage.ErrorType && message.Sequence >= _first)
                {
                    isAnswered |= message.Sequence == expected;
                    if (message.Error != 0)
                    {
                        failure ??= new NetlinkException(message.Error, _steps[(int)(message.Sequence - _first)].ToString(), message.Detail);
                    }
                }

                return true;
            },
            wait: false,
            "reading the answer of nf_tables");
        if ((failure ?? (isAnswered ? null : new NetlinkException(5, "changes to nf_tables were not answered"))) is { } e)
        {
            throw e;
        }
    }

    /// <summary>What a message does, for the error when the kernel refuses it.</summary>
    private sealed record Step(string Act, string Subject, string Detail)
    {
        public override string ToString() => $"{Act} {Subject} {Detail}".TrimEnd();
    }
}
