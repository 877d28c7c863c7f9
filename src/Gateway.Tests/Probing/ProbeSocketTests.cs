using System.Net;
using System.Net.Sockets;
using Gateway.Probing.Connections;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

[Collection(Alone.Name)]
public class ProbeSocketTests
{
    // A thousand probes that end late at once must not take all threads of the pool to wait for the pool.
    [Fact]
    public void Close_AnswerCameWhenTheReadWasBrokenOff_NeedsNobodyElse()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        using var deadline = new CancellationTokenSource();
        var over = new TaskCompletionSource();
        var reading = client.ReceiveAsync(new byte[10], SocketFlags.None, deadline.Token).AsTask();
        for (var i = 0; i < 500; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => over.Task.Wait(), null);
        }

        deadline.Cancel();
        server.Send("late"u8);
        Assert.True(SpinWait.SpinUntil(() => client.Available == 4, TimeSpan.FromSeconds(20)), "the answer has come");
        var closing = new Thread(() => ProbeSocket.Close(client));
        closing.Start();
        var isClosed = closing.Join(TimeSpan.FromSeconds(20));
        over.SetResult();

        Assert.True(isClosed, "closing waits for a thread of the pool");
        Assert.Equal(0, server.Receive(new byte[1]));
        Assert.ThrowsAny<Exception>(reading.Wait);
    }
}
