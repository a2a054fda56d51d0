package io.sparkfocal.job;

import java.nio.channels.ReadableByteChannel;
import org.apache.spark.SparkConf;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEndpoint;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.RpcEnvFileServer;
import scala.Function0;
import scala.concurrent.Future;

/** As another RpcEnv, but it takes no endpoint. */
final class ClosedRpcEnv extends RpcEnv {

  private final RpcEnv env;

  ClosedRpcEnv(RpcEnv env) {
    super(new SparkConf());
    this.env = env;
  }

  @Override
  public RpcEndpointRef setupEndpoint(String name, RpcEndpoint endpoint) {
    throw new UnsupportedOperationException("no endpoint");
  }

  @Override
  public RpcEndpointRef endpointRef(RpcEndpoint endpoint) {
    return env.endpointRef(endpoint);
  }

  @Override
  public RpcAddress address() {
    return env.address();
  }

  @Override
  public Future<RpcEndpointRef> asyncSetupEndpointRefByURI(String uri) {
    return env.asyncSetupEndpointRefByURI(uri);
  }

  @Override
  public void stop(RpcEndpointRef endpoint) {
    env.stop(endpoint);
  }

  @Override
  public void shutdown() {
    env.shutdown();
  }

  @Override
  public void awaitTermination() {
    env.awaitTermination();
  }

  @Override
  public <T> T deserialize(Function0<T> action) {
    return env.deserialize(action);
  }

  @Override
  public RpcEnvFileServer fileServer() {
    return env.fileServer();
  }

  @Override
  public ReadableByteChannel openChannel(String uri) {
    return env.openChannel(uri);
  }
}
