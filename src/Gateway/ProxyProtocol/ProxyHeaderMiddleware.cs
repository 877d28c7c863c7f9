using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Gateway.ProxyProtocol;

/// <summary>Takes the header of a trusted proxy off a connection of an HTTP listener, before TLS and HTTP see it.</summary>
internal sealed class ProxyHeaderMiddleware(
    ConnectionDelegate next, IReadOnlyList<IPNetwork> from, Action fault, TimeProvider time)
{
    // As Kestrel has for TLS handshakes.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    /// <summary>Serves one connection. One without the header it must have is reset.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ProxyHeaderTaken>() is not null
            || connection.RemoteEndPoint is not IPEndPoint proxy || !IsTrusted(proxy.Address))
        {
            await next(connection);
            return;
        }

        using var deadline = new CancellationTokenSource(_timeout, time);
        switch (await ReadAsync(connection, deadline.Token))
        {
            case HeaderEnd.Taken:
                await next(connection);
                break;
            case HeaderEnd.Missing:
                fault();
                connection.Abort(new ConnectionAbortedException("No valid PROXY protocol header."));
                break;
            default:
                // It came and went, as probes of a proxy in front do.
                break;
        }
    }

    private enum HeaderEnd
    {
        Taken,
        Missing,
        Nothing,
    }

    private static async Task<HeaderEnd> ReadAsync(ConnectionContext connection, CancellationToken deadline)
    {
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(deadline);
                var buffer = read.Buffer;
                if (buffer.IsEmpty && read.IsCompleted)
                {
                    return HeaderEnd.Nothing;
                }

                var result = Read(buffer, out var header, out var length);
                if (result == ProxyHeaderResult.Complete)
                {
                    input.AdvanceTo(buffer.GetPosition(length));
                    connection.RemoteEndPoint = header.Source ?? connection.RemoteEndPoint;
                    connection.LocalEndPoint = header.Destination ?? connection.LocalEndPoint;
                    return HeaderEnd.Taken;
                }

                if (result == ProxyHeaderResult.Malformed || read.IsCompleted)
                {
                    input.AdvanceTo(buffer.Start);
                    return HeaderEnd.Missing;
                }

                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            return HeaderEnd.Missing;
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException)
        {
            return HeaderEnd.Nothing;
        }
    }

    private static ProxyHeaderResult Read(ReadOnlySequence<byte> buffer, out ProxyHeader header, out int length)
    {
        if (buffer.IsSingleSegment)
        {
            return ProxyHeaderReader.Read(buffer.FirstSpan, out header, out length);
        }

        var joined = buffer.Slice(0, Math.Min(buffer.Length, ProxyHeaderReader.MaxLength)).ToArray();
        return ProxyHeaderReader.Read(joined, out header, out length);
    }

    private bool IsTrusted(IPAddress address)
    {
        // A socket for both families has IPv4 clients in their IPv6 form.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return from.Any(network => network.Contains(plain));
    }
}
